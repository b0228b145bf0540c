import { Checkbox, Skeleton, TextInput } from "@mantine/core";
import { useState } from "react";
import { told } from "@/components/notify";
import { t } from "@/lib/messages";
import { applySteps, useFolder } from "../api";
import { touched } from "../changes";
import type { Files } from "../files";
import { modeSteps } from "../model/batches";
import { flipped, has, isMode, letters, MAY, modeOf, octal, WHO } from "../model/modes";
import classes from "./dialogs.module.css";
import { Frame } from "./frame";
import { useSubmit } from "./use-submit";

interface Props {
  files: Files;
  folder: string;
  names: readonly string[];
}

/** Permissions, as ticks and as a number. */
export function ModesDialog({ files, folder, names }: Props) {
  const { data } = useFolder(files.app, folder, true);
  const entry = data?.contents.find((each) => each.name === names[0]);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? entry?.mode ?? "";
  const mode = isMode(text) ? modeOf(text) : undefined;
  const { isBusy, problem, submit } = useSubmit(
    () => applySteps(files.app, modeSteps(names.map(files.path), octal(mode ?? 0))),
    () => {
      files.close();
      touched(files.app);
      told(t.files.modeSaved);
    },
  );
  return (
    <Frame
      title={t.files.modesTitle(names.length, names[0] ?? "")}
      submit={t.actions.save}
      isBusy={isBusy}
      disabled={mode === undefined}
      onClose={files.close}
      onSubmit={submit}
    >
      {!data && <Skeleton height={120} />}
      <table className={classes.modes}>
        <thead>
          <tr>
            <td />
            {MAY.map((may) => (
              <th key={may} scope="col">
                {t.files.may[may]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WHO.map((who) => (
            <tr key={who}>
              <th scope="row">{t.files.who[who]}</th>
              {MAY.map((may) => (
                <td key={may}>
                  <Checkbox
                    aria-label={`${t.files.who[who]}: ${t.files.may[may]}`}
                    checked={has(mode ?? 0, who, may)}
                    onChange={() => setTyped(octal(flipped(mode ?? 0, who, may)))}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <TextInput
        mt={14}
        maw={200}
        label={t.files.modeNumber}
        value={text}
        error={problem}
        onChange={(event) => setTyped(event.currentTarget.value)}
        rightSection={mode !== undefined && <span className="menu-keys mono">{letters(mode)}</span>}
        rightSectionWidth={90}
      />
      <p className={classes.hint}>{t.files.mayFolder}</p>
    </Frame>
  );
}
