import { Alert, Button, Group, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sentence, told } from "@/components/notify";
import { t } from "@/lib/messages";
import type { Session } from "@/lib/wire.gen";
import { endOthers, endSession } from "./api";
import { deviceOf } from "./device";
import classes from "./sessions-page.module.css";

/** One session, or all of one's own but this one. */
export type Ending = Session | "others";

/** Asks before sessions end; null: closed. */
export function EndDialog({ ending, onClose }: { ending: Ending | null; onClose: () => void }) {
  return (
    <Modal
      opened={ending !== null}
      onClose={onClose}
      title={ending === "others" ? t.sessions.endOthersTitle : t.sessions.endTitle}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      {ending && <Question ending={ending} onClose={onClose} />}
    </Modal>
  );
}

function Question({ ending, onClose }: { ending: Ending; onClose: () => void }) {
  const queries = useQueryClient();
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function end(): Promise<void> {
    setBusy(true);
    setProblem("");
    try {
      await (ending === "others" ? endOthers() : endSession(ending.id));
      told(ending === "others" ? t.sessions.othersEnded : t.sessions.ended);
      onClose();
    } catch (error) {
      setProblem(sentence(error));
    } finally {
      setBusy(false);
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    }
  }

  return (
    <>
      {problem && (
        <Alert color="red" role="alert" mb={12}>
          {problem}
        </Alert>
      )}
      <p className={classes.question}>
        {ending === "others" ? t.sessions.endOthersText : textFor(ending)}
      </p>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.actions.cancel}
        </Button>
        <Button color="red" loading={isBusy} onClick={() => void end()}>
          {ending === "others" ? t.sessions.endOthers : t.sessions.endYes}
        </Button>
      </Group>
    </>
  );
}

function textFor({ userAgent = "", username, address = "" }: Session): string {
  const device = deviceOf(userAgent).label || t.sessions.unknown;
  return t.sessions.endText(username, device, address);
}
