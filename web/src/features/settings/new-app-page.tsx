import { Button, Loader, TextInput } from "@mantine/core";
import { IconFileOff } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { LoadFailed } from "@/components/load-failed";
import { told } from "@/components/notify";
import { useTitle } from "@/components/page";
import panel from "@/components/panel.module.css";
import { SaveBar } from "@/components/save-bar";
import { useConfigText } from "@/lib/config";
import { appNames, DEFAULTS, withApp } from "@/lib/config-text";
import { t } from "@/lib/messages";
import { AppForm } from "./app-form";
import classes from "./app-form.module.css";
import { fieldsOf, parseCommand, parseEnv, settingsOf } from "./form-state";
import { ReviewDialog } from "./review-dialog";

/** A new app. */
export function NewAppPage() {
  useTitle(t.form.newTitle);
  const config = useConfigText();
  return (
    <div className={classes.page}>
      <h1 style={{ marginBottom: 20 }}>{t.form.newTitle}</h1>
      {config.isPending && <Loader mx="auto" mt={48} display="block" />}
      {config.isError && (
        <LoadFailed
          icon={<IconFileOff size={28} />}
          error={config.error}
          onRetry={() => void config.refetch()}
        />
      )}
      {config.data !== undefined && <NewApp text={config.data} />}
    </div>
  );
}

function NewApp({ text }: { text: string }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [fields, setFields] = useState(() => fieldsOf(DEFAULTS));
  const [wasTried, setTried] = useState(false);
  const [review, setReview] = useState<string | null>(null);
  const isTaken = appNames(text).includes(name);
  const nameError = isTaken ? t.form.nameTaken : wasTried && !name ? t.form.nameMissing : "";
  const commandError = wasTried && parseCommand(fields) === null ? t.form.commandMissing : "";

  function check(): void {
    setTried(true);
    if (!name || isTaken || parseCommand(fields) === null || parseEnv(fields.env).wrongLine) return;
    setReview(withApp(text, name, settingsOf(fields)));
  }

  return (
    <>
      <div className={`${panel.panel} ${panel.padded} ${classes.part}`}>
        <TextInput
          label={t.form.name}
          description={t.form.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={nameError}
          autoFocus
          maxLength={200}
        />
      </div>
      <AppForm fields={fields} onChange={setFields} commandError={commandError} />
      <SaveBar note="">
        <Button onClick={check}>{t.form.review}</Button>
      </SaveBar>
      <ReviewDialog
        title={t.config.reviewTitle}
        before={text}
        after={review}
        confirm={t.actions.add}
        onClose={() => setReview(null)}
        onDone={() => {
          told(t.form.added(name));
          void navigate({ to: "/" });
        }}
      />
    </>
  );
}
