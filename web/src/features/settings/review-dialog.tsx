import { Button, Group, Modal } from "@mantine/core";
import { useState } from "react";
import { DiffView } from "@/components/diff-view";
import { failed } from "@/components/notify";
import { saveConfig } from "@/lib/config";
import { t } from "@/lib/messages";
import classes from "./app-form.module.css";

interface Props {
  title: string;
  text?: string;
  before: string;
  /** Null: closed. */
  after: string | null;
  confirm: string;
  isDangerous?: boolean;
  onClose: () => void;
  onDone: () => void;
}

/** Shows what changes in the config file, and does it. */
export function ReviewDialog({
  title,
  text,
  before,
  after,
  confirm,
  isDangerous,
  onClose,
  onDone,
}: Props) {
  const [isBusy, setBusy] = useState(false);
  async function save(): Promise<void> {
    setBusy(true);
    try {
      await saveConfig(after ?? before);
      onDone();
      onClose();
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Modal
      opened={after !== null}
      onClose={onClose}
      title={title}
      size="xl"
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <div className={classes.dialog}>
        {text && <p style={{ margin: 0 }}>{text}</p>}
        <DiffView before={before} after={after ?? before} label={t.form.diff} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t.actions.cancel}
          </Button>
          <Button
            color={isDangerous ? "red" : "petrol"}
            loading={isBusy}
            onClick={() => void save()}
            data-autofocus
          >
            {confirm}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}
