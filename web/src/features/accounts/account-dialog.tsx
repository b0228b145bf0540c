import { Alert, Button, Group, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { sentence, told } from "@/components/notify";
import { t } from "@/lib/messages";
import { session } from "@/lib/session";
import classes from "./accounts-page.module.css";
import { createAccount, deleteAccount, renameAccount, setPassword } from "./api";

export interface Change {
  kind: "create" | "rename" | "password" | "delete";
  name: string;
}

const titles: Record<Change["kind"], (name: string) => string> = {
  create: () => t.accounts.add,
  rename: (name) => `${t.accounts.rename}: ${name}`,
  password: (name) => `${t.accounts.changePassword}: ${name}`,
  delete: t.accounts.deleteTitle,
};

/** Makes or changes an account; null: closed. */
export function AccountDialog({ change, onClose }: { change: Change | null; onClose: () => void }) {
  return (
    <Modal
      opened={change !== null}
      onClose={onClose}
      title={change && titles[change.kind](change.name)}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      {change && <ChangeForm key={change.kind + change.name} change={change} onClose={onClose} />}
    </Modal>
  );
}

function ChangeForm({ change, onClose }: { change: Change; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(change.name);
  const [password, setNewPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const isOwn = change.name !== "" && change.name === session.get().user;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      told(await carryOut(change, name, password));
      await queries.invalidateQueries({ queryKey: ["accounts"] });
      onClose();
    } catch (error) {
      setProblem(sentence(error));
    } finally {
      setBusy(false);
    }
  }

  const { kind } = change;
  const confirm = {
    create: t.accounts.create,
    rename: t.accounts.rename,
    password: t.accounts.changePassword,
    delete: t.accounts.deleteYes(change.name),
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      {kind === "delete" && (
        <p className={classes.text}>{isOwn ? t.accounts.deleteSelf : t.accounts.deleteText}</p>
      )}
      {kind === "rename" && <p className={classes.text}>{t.accounts.renameText}</p>}
      {(kind === "create" || kind === "rename") && (
        <TextInput
          label={t.accounts.name}
          description={t.accounts.nameHint}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          pattern="[A-Za-z0-9_@\-]+"
          title={t.accounts.nameHint} // the browser says it to somebody whose name doesn't fit
          required
          withAsterisk={false}
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      {(kind === "create" || kind === "password") && (
        <PasswordInput
          label={kind === "create" ? t.accounts.password : t.accounts.newPassword}
          description={t.accounts.passwordHint}
          autoComplete="new-password"
          required
          minLength={8}
          withAsterisk={false}
          data-autofocus={kind === "password" || undefined}
          visibilityToggleButtonProps={{ "aria-label": t.accounts.show }}
          value={password}
          onChange={(event) => setNewPassword(event.currentTarget.value)}
        />
      )}
      <Group justify="flex-end" mt={4}>
        <Button variant="default" onClick={onClose}>
          {t.actions.cancel}
        </Button>
        <Button type="submit" color={kind === "delete" ? "red" : "petrol"} loading={isBusy}>
          {confirm[kind]}
        </Button>
      </Group>
    </form>
  );
}

/** Does it; returns what to tell. */
async function carryOut(
  { kind, name: old }: Change,
  name: string,
  password: string,
): Promise<string> {
  switch (kind) {
    case "create":
      await createAccount(name, password);
      return t.accounts.created(name);
    case "rename":
      await renameAccount(old, name);
      return t.accounts.renamed(name);
    case "password":
      await setPassword(old, password);
      return t.accounts.passwordChanged;
    case "delete":
      await deleteAccount(old);
      return t.accounts.deleted(old);
  }
}
