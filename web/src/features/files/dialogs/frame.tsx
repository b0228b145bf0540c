import { Button, Group, Modal } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { t } from "@/lib/messages";
import classes from "./dialogs.module.css";

interface Props {
  title: string;
  submit: string;
  isBusy?: boolean;
  isBad?: boolean;
  disabled?: boolean;
  size?: string;
  onClose: () => void;
  onSubmit: () => void;
  children: ReactNode;
}

/** A dialog with a question and its two answers. */
export function Frame(props: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!props.disabled) props.onSubmit();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      size={props.size ?? "md"}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <form onSubmit={submit} className={classes.form}>
        {props.children}
        <Group justify="flex-end" mt={20}>
          <Button
            variant="default"
            onClick={props.onClose}
            data-autofocus={props.isBad || undefined}
          >
            {t.actions.cancel}
          </Button>
          <Button
            type="submit"
            loading={props.isBusy ?? false}
            disabled={props.disabled ?? false}
            {...(props.isBad ? { color: "red" } : {})}
          >
            {props.submit}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
