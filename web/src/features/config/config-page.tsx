import { Alert, Anchor, Button, Group, Loader, Modal } from "@mantine/core";
import { IconFileOff, IconRefresh } from "@tabler/icons-react";
import { useBlocker } from "@tanstack/react-router";
import { useState } from "react";
import { DiffView } from "@/components/diff-view";
import { LoadFailed } from "@/components/load-failed";
import { failed, sentence, told } from "@/components/notify";
import { Page } from "@/components/page";
import panel from "@/components/panel.module.css";
import { SaveBar } from "@/components/save-bar";
import { reloadConfig, saveConfig, useConfigText } from "@/lib/config";
import { type Fault, faultsOf } from "@/lib/json-faults";
import { t } from "@/lib/messages";
import { CodeEditor } from "./code-editor";
import { type Place, placeAt, placeIn } from "./config-faults";
import classes from "./config-page.module.css";

/** The daemon's config file, as text. */
export function ConfigPage() {
  const config = useConfigText();
  return (
    <Page title={t.config.title} text={`${t.config.text} ${t.config.restart}`} actions={<Reload />}>
      {config.isPending && <Loader mx="auto" mt={48} display="block" />}
      {config.isError && (
        <LoadFailed
          icon={<IconFileOff size={28} />}
          error={config.error}
          onRetry={() => void config.refetch()}
        />
      )}
      {config.data !== undefined && <Editor text={config.data} />}
    </Page>
  );
}

function Reload() {
  async function reload(): Promise<void> {
    try {
      await reloadConfig();
      told(t.config.reloaded);
    } catch (error) {
      failed(error);
    }
  }
  return (
    <Button variant="default" leftSection={<IconRefresh size={17} />} onClick={() => void reload()}>
      {t.config.reload}
    </Button>
  );
}

/** `text` is the file; what is typed stays when the file changes meanwhile. */
function Editor({ text }: { text: string }) {
  const [base, setBase] = useState(text);
  const [typed, setTyped] = useState(text);
  const [isReviewing, setReviewing] = useState(false);
  const [problem, setProblem] = useState("");
  const [target, setTarget] = useState<Place | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isChanged = typed !== base;
  if (text !== base && !isChanged) {
    setBase(text);
    setTyped(text);
  }
  useBlocker({
    shouldBlockFn: () => isChanged && !window.confirm(t.config.unsaved),
    enableBeforeUnload: isChanged,
  });
  const fault = faultsOf(typed, { allowTrailingComma: true })[0];
  const review = () => {
    if (isChanged && !fault) setReviewing(true);
  };

  async function apply(): Promise<void> {
    setBusy(true);
    setProblem("");
    setTarget(null);
    try {
      await saveConfig(typed);
      setBase(typed);
      told(t.config.applied);
    } catch (error) {
      setProblem(sentence(error));
      setTarget(placeIn(sentence(error)));
    } finally {
      setBusy(false);
      setReviewing(false);
    }
  }

  return (
    <>
      {text !== base && isChanged && (
        <Alert color="yellow" mb={12} title={t.config.changedElsewhere}>
          <Button
            variant="default"
            size="xs"
            onClick={() => {
              setBase(text);
              setTyped(text);
            }}
          >
            {t.config.loadNew}
          </Button>
        </Alert>
      )}
      {problem && (
        <Alert
          color="red"
          mb={12}
          role="alert"
          title={t.config.broken}
          withCloseButton
          onClose={() => setProblem("")}
        >
          {problem}
          <JumpTo place={placeIn(problem)} onJump={setTarget} />
        </Alert>
      )}
      <div className={`${panel.panel} ${classes.editor}`}>
        <CodeEditor value={typed} onChange={setTyped} onSave={review} target={target} />
      </div>
      <SaveBar
        note={
          fault ? (
            <FaultNote text={typed} fault={fault} onJump={setTarget} />
          ) : isChanged ? (
            ""
          ) : (
            t.config.noChanges
          )
        }
      >
        <Button variant="default" disabled={!isChanged} onClick={() => setTyped(base)}>
          {t.config.discard}
        </Button>
        <Button disabled={!isChanged || fault !== undefined} onClick={review}>
          {t.config.review}
        </Button>
      </SaveBar>
      <Modal
        opened={isReviewing}
        onClose={() => setReviewing(false)}
        title={t.config.reviewTitle}
        size="xl"
        returnFocus={!target} // else the editor has it
        closeButtonProps={{ "aria-label": t.actions.close }}
      >
        <DiffView before={text} after={typed} label={t.form.diff} />
        <Group justify="flex-end" mt={16}>
          <Button variant="default" onClick={() => setReviewing(false)}>
            {t.actions.cancel}
          </Button>
          <Button loading={isBusy} onClick={() => void apply()} data-autofocus>
            {t.config.apply}
          </Button>
        </Group>
      </Modal>
    </>
  );
}

/** Why it can't be saved yet: the first fault, which may stand far away, and the way there. */
function FaultNote(props: { text: string; fault: Fault; onJump: (place: Place) => void }) {
  const place = placeAt(props.text, props.fault.from);
  return (
    <>
      {t.config.fault(t.config.position(place.line, place.column), props.fault.message)}{" "}
      <Anchor component="button" type="button" inherit onClick={() => props.onJump(place)}>
        {t.config.goThere}
      </Anchor>
    </>
  );
}

/** Puts the cursor where the fault is, once more. */
function JumpTo({ place, onJump }: { place: Place | null; onJump: (place: Place) => void }) {
  if (!place) return null;
  return (
    <Button variant="default" size="xs" mt={8} display="block" onClick={() => onJump({ ...place })}>
      {t.config.position(place.line, place.column)}
    </Button>
  );
}
