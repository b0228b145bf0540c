import { Button, Loader } from "@mantine/core";
import { IconFileOff, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { LoadFailed } from "@/components/load-failed";
import { told } from "@/components/notify";
import { SaveBar } from "@/components/save-bar";
import { useConfigText } from "@/lib/config";
import { type AppSettings, appSettings, withApp, withoutApp } from "@/lib/config-text";
import type { App } from "@/lib/fleet";
import { t } from "@/lib/messages";
import { AppForm } from "./app-form";
import classes from "./app-form.module.css";
import { fieldsOf, parseCommand, parseEnv, settingsOf } from "./form-state";
import { ReviewDialog } from "./review-dialog";

/** The settings of one app, as the config file has them. */
export function SettingsTab({ app }: { app: App }) {
  const config = useConfigText();
  if (config.isError) {
    return (
      <LoadFailed
        icon={<IconFileOff size={28} />}
        error={config.error}
        onRetry={() => void config.refetch()}
      />
    );
  }
  if (config.data === undefined) return <Loader mx="auto" mt={96} display="block" />;
  const settings = appSettings(config.data, app.name);
  if (!settings)
    return <Empty icon={<IconFileOff size={28} />} title={t.app.gone} text={t.apps.toDelete} />;
  return (
    <Editor key={JSON.stringify(settings)} name={app.name} text={config.data} settings={settings} />
  );
}

function Editor({ name, text, settings }: { name: string; text: string; settings: AppSettings }) {
  const [fields, setFields] = useState(() => fieldsOf(settings));
  const [review, setReview] = useState<string | null>(null);
  const [removal, setRemoval] = useState<string | null>(null);
  const after = withApp(text, name, settingsOf(fields));
  const isChanged = after !== text;
  const hasCommand = parseCommand(fields) !== null;
  const hasFault = parseEnv(fields.env).wrongLine > 0 || !hasCommand;
  return (
    <div className={classes.page}>
      <AppForm
        fields={fields}
        onChange={setFields}
        commandError={hasCommand ? "" : t.form.commandMissing}
      />
      <Button
        variant="subtle"
        className={classes.remove}
        leftSection={<IconTrash size={17} />}
        color="red"
        onClick={() => setRemoval(withoutApp(text, name))}
      >
        {t.form.remove}
      </Button>
      <SaveBar note={isChanged ? t.form.nextStart : t.form.noChange}>
        <Button
          variant="default"
          disabled={!isChanged}
          onClick={() => setFields(fieldsOf(settings))}
        >
          {t.config.discard}
        </Button>
        <Button disabled={!isChanged || hasFault} onClick={() => setReview(after)}>
          {t.form.review}
        </Button>
      </SaveBar>
      <ReviewDialog
        title={t.config.reviewTitle}
        before={text}
        after={review}
        confirm={t.actions.save}
        onClose={() => setReview(null)}
        onDone={() => told(t.form.saved(name))}
      />
      <ReviewDialog
        title={t.form.removeTitle(name)}
        text={t.form.removeText}
        before={text}
        after={removal}
        confirm={t.form.removeYes(name)}
        isDangerous
        onClose={() => setRemoval(null)}
        onDone={() => told(t.form.removed(name))}
      />
    </div>
  );
}
