import { configDocs } from "virtual:config-docs";
import { NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import panel from "@/components/panel.module.css";
import { t } from "@/lib/messages";
import classes from "./app-form.module.css";
import { type Fields, parseEnv } from "./form-state";

interface Props {
  fields: Fields;
  onChange: (fields: Fields) => void;
  commandError: string;
}

/** An app's settings. Each field says what it means, in the words of docs/config.md. */
export function AppForm({ fields, onChange, commandError }: Props) {
  const set = (change: Partial<Fields>) => onChange({ ...fields, ...change });
  const { wrongLine } = parseEnv(fields.env);
  return (
    <>
      <Part title={t.form.basics}>
        <Textarea
          label={t.form.command}
          description={commandHelp(fields)}
          classNames={{ input: classes.mono ?? "" }}
          autosize
          minRows={1}
          maxRows={10}
          value={fields.command}
          onChange={(event) => set({ command: event.currentTarget.value })}
          error={commandError}
          spellCheck={false}
        />
        <TextInput
          label={t.form.directory}
          description={help("directory")}
          classNames={{ input: classes.mono ?? "" }}
          value={fields.directory}
          onChange={(event) => set({ directory: event.currentTarget.value })}
          spellCheck={false}
        />
        <Textarea
          label={t.form.env}
          description={t.form.envHint}
          classNames={{ input: classes.mono ?? "" }}
          autosize
          minRows={2}
          maxRows={12}
          value={fields.env}
          onChange={(event) => set({ env: event.currentTarget.value })}
          error={wrongLine ? t.form.envBroken(wrongLine) : undefined}
          spellCheck={false}
        />
        <Switch
          label={t.form.enabled}
          description={help("enabled")}
          checked={fields.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        <Switch
          label={t.form.terminal}
          description={help("terminal")}
          checked={fields.terminal}
          onChange={(event) => set({ terminal: event.currentTarget.checked })}
        />
      </Part>
      <Part title={t.form.stopping}>
        <TextInput
          label={t.form.stopCommand}
          description={help("stop.command")}
          classNames={{ input: classes.mono ?? "" }}
          value={fields.stopCommand}
          onChange={(event) => set({ stopCommand: event.currentTarget.value })}
        />
        <div className={classes.pair}>
          <TextInput
            label={t.form.stopSignal}
            description={help("stop.signal")}
            value={fields.stopSignal}
            onChange={(event) => set({ stopSignal: event.currentTarget.value })}
          />
          <NumberInput
            label={t.form.stopTimeout}
            description={help("stop.timeout")}
            min={0}
            max={86_400}
            value={fields.stopTimeout}
            onChange={(value) => set({ stopTimeout: Number(value) || 0 })}
          />
        </div>
      </Part>
      <Part title={t.form.output}>
        <div className={classes.pair}>
          <NumberInput
            label={t.form.limit}
            description={help("console.limit")}
            suffix={` ${t.form.limitUnit}`}
            min={0.0625}
            value={fields.limitMib}
            onChange={(value) => set({ limitMib: Number(value) || 128 })}
          />
          <Select
            label={t.form.onFull}
            description={help("console.onFull")}
            data={[
              { value: "drop", label: t.form.drop },
              { value: "block", label: t.form.block },
            ]}
            value={fields.onFull}
            onChange={(value) => set({ onFull: value ?? "drop" })}
            allowDeselect={false}
          />
        </div>
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={`${panel.panel} ${panel.padded} ${classes.part}`}>
      <legend className={classes.legend}>{title}</legend>
      {children}
    </fieldset>
  );
}

function commandHelp(fields: Fields): string {
  const { text, lines, json } = t.form.commandHelp;
  return `${help("command")} ${{ text, lines, json }[fields.commandForm]}`;
}

/** What docs/config.md says about a key. */
function help(key: string): string {
  const row = configDocs.find((each) => each.key === `servers.NAME.${key}`);
  if (!row) return "";
  const own = row.text.replace(", see below", ""); // what follows there isn't here
  const text = own.charAt(0).toUpperCase() + own.slice(1);
  return /\.$/.test(text) ? text : `${text}.`;
}
