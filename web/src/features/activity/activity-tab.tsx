import { Button, Loader } from "@mantine/core";
import { IconActivity } from "@tabler/icons-react";
import { useMemo } from "react";
import { Empty } from "@/components/empty";
import { LoadFailed } from "@/components/load-failed";
import panel from "@/components/panel.module.css";
import { StateMark } from "@/components/state-mark";
import { actionDetails, actionName, useActions } from "@/lib/actions";
import type { App, State } from "@/lib/fleet";
import { moment, wholeTime } from "@/lib/format";
import { happenings } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./activity-tab.module.css";

interface Entry {
  key: string;
  time: number;
  who: string;
  what: string;
  details: string;
  state: State | null;
}

/** What happened to one app, the newest first: what people did, and what became of it. */
export function ActivityTab({ app }: { app: App }) {
  const filter = useMemo(() => ({ server: app.name }), [app.name]);
  const log = useActions(filter);
  const all = useStore(happenings);
  const entries = useMemo<Entry[]>(() => {
    const actions = log.actions.map((action) => ({
      key: `a${action.ts}${action.action}`,
      time: action.ts * 1000,
      who: action.user === "@local" ? t.log.local : (action.user ?? ""),
      what: actionName(action),
      details: actionDetails(action),
      state: null,
    }));
    const states = all
      .filter((one) => one.kind === "status" && one.app === app.name && one.data.state)
      .map((one) => ({
        key: `s${one.id}`,
        time: one.time,
        who: "",
        what: t.activity.became,
        details: one.data.reason ?? "",
        state: one.data.state as State,
      }));
    return [...actions, ...states].sort((a, b) => b.time - a.time);
  }, [log.actions, all, app.name]);

  if (log.isPending) return <Loader mx="auto" mt={96} display="block" />;
  if (log.isError) {
    return (
      <LoadFailed
        icon={<IconActivity size={28} />}
        error={log.error}
        onRetry={() => void log.refetch()}
      />
    );
  }
  if (entries.length === 0)
    return (
      <Empty icon={<IconActivity size={28} />} title={t.activity.title} text={t.activity.empty} />
    );
  return (
    <div className={classes.page}>
      <ol className={`${panel.panel} ${classes.list}`}>
        {entries.map((entry) => (
          <Row key={entry.key} entry={entry} />
        ))}
      </ol>
      {log.hasNextPage && (
        <Button
          variant="default"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {t.log.more}
        </Button>
      )}
    </div>
  );
}

function Row({ entry }: { entry: Entry }) {
  return (
    <li className={classes.row}>
      <time className="number" title={wholeTime(entry.time)}>
        {moment(entry.time, Date.now())}
      </time>
      <div className={classes.what}>
        {entry.state ? (
          <StateMark state={entry.state} />
        ) : (
          <span>
            <b>{entry.who}</b> {entry.what}
          </span>
        )}
        {entry.details && (
          <span className={classes.details} title={entry.details}>
            {entry.details}
          </span>
        )}
      </div>
    </li>
  );
}
