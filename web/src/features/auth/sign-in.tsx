import { Alert, Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Logo } from "@/components/logo";
import { sentence } from "@/components/notify";
import { useTitle } from "@/components/page";
import { login } from "@/features/auth/api";
import { t } from "@/lib/messages";
import { session, signedIn } from "@/lib/session";
import { useStore } from "@/lib/store";
import classes from "./sign-in.module.css";

/** The sign-in: alone at first, over the page when a session has ended, so that nothing is lost. */
export function SignIn() {
  const { isAsked, wasOpen } = useStore(session);
  if (!isAsked) return null;
  if (!wasOpen) return <SignInPage />;
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      title={t.auth.again}
      zIndex={400}
    >
      <p className={classes.text}>{t.auth.againText}</p>
      <SignInForm />
    </Modal>
  );
}

function SignInPage() {
  useTitle(t.auth.title);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Logo size={40} />
          <span>{t.product}</span>
        </div>
        <h1>{t.auth.title}</h1>
        <SignInForm />
        <p className={classes.hint}>{t.auth.first}</p>
      </div>
    </main>
  );
}

function SignInForm() {
  const [user, setUser] = useState(session.get().user);
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      await login(user, password);
      signedIn(user);
    } catch (error) {
      setProblem(sentence(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      {problem && (
        <Alert color="red" variant="light" role="alert">
          {problem}
        </Alert>
      )}
      <TextInput
        label={t.auth.user}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        size="md"
        value={user}
        onChange={(event) => setUser(event.currentTarget.value)}
        data-autofocus={user ? undefined : true}
        autoFocus={!user}
        required
        withAsterisk={false}
      />
      <PasswordInput
        label={t.auth.password}
        name="password"
        autoComplete="current-password"
        size="md"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        data-autofocus={user ? true : undefined}
        autoFocus={Boolean(user)}
        visibilityToggleButtonProps={{ "aria-label": t.accounts.show }}
        required
        withAsterisk={false}
      />
      <Button type="submit" size="md" fullWidth loading={isBusy} mt={4}>
        {t.auth.submit}
      </Button>
    </form>
  );
}
