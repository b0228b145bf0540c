import { Button, Loader, SegmentedControl } from "@mantine/core";
import { IconDevices, IconLogout } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { LoadFailed } from "@/components/load-failed";
import { sentence } from "@/components/notify";
import { Page } from "@/components/page";
import panel from "@/components/panel.module.css";
import { ApiError } from "@/lib/http";
import { t } from "@/lib/messages";
import type { Session } from "@/lib/wire.gen";
import { useSessions } from "./api";
import { EndDialog, type Ending } from "./end-dialog";
import { SessionTable } from "./session-table";
import classes from "./sessions-page.module.css";

const NOT_LISTED = 400; // they are kept in Redis

/** Where people are signed in, and the end of it. */
export function SessionsPage() {
  const [whose, setWhose] = useState("mine");
  const [ending, setEnding] = useState<Ending | null>(null);
  const sessions = useSessions(whose === "all");
  const end = (
    <Button
      variant="default"
      leftSection={<IconLogout size={18} />}
      onClick={() => setEnding("others")}
    >
      {t.sessions.endOthers}
    </Button>
  );
  const isOnlyThis = sessions.data?.length === 1 && sessions.data[0]?.current === true;
  return (
    <Page
      title={t.sessions.title}
      text={t.sessions.text}
      actions={sessions.isSuccess && !isOnlyThis && end}
    >
      {!isNotListed(sessions.error) && (
        <SegmentedControl
          mb={14}
          value={whose}
          onChange={setWhose}
          aria-label={t.sessions.whose}
          data={[
            { value: "mine", label: t.sessions.mine },
            { value: "all", label: t.sessions.all },
          ]}
        />
      )}
      {sessions.isPending && <Loader mx="auto" mt={48} display="block" />}
      {sessions.isError && isNotListed(sessions.error) && (
        <Empty
          icon={<IconDevices size={28} />}
          title={sentence(sessions.error)}
          text={t.sessions.notListed}
        >
          {end}
        </Empty>
      )}
      {sessions.isError && !isNotListed(sessions.error) && (
        <LoadFailed
          icon={<IconDevices size={28} />}
          error={sessions.error}
          onRetry={() => void sessions.refetch()}
        />
      )}
      {sessions.data && <Found sessions={sessions.data} all={whose === "all"} onEnd={setEnding} />}
      {isOnlyThis && <p className={classes.note}>{t.sessions.onlyThis}</p>}
      <EndDialog ending={ending} onClose={() => setEnding(null)} />
    </Page>
  );
}

const isNotListed = (error: Error | null): boolean =>
  error instanceof ApiError && error.status === NOT_LISTED;

interface FoundProps {
  sessions: Session[];
  all: boolean;
  onEnd: (ending: Ending) => void;
}

function Found({ sessions, all, onEnd }: FoundProps) {
  return (
    <div className={panel.panel}>
      <SessionTable sessions={sessions} withNames={all} onEnd={onEnd} />
    </div>
  );
}
