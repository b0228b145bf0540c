import { Autocomplete, Button, Loader, Select } from "@mantine/core";
import { IconHistory, IconListSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Empty } from "@/components/empty";
import { LoadFailed } from "@/components/load-failed";
import { Page } from "@/components/page";
import panel from "@/components/panel.module.css";
import table from "@/components/table.module.css";
import { actionDetails, actionName, type Filter, useActions } from "@/lib/actions";
import { moment, wholeTime } from "@/lib/format";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { Action } from "@/lib/wire.gen";
import classes from "./log-page.module.css";

/** Who did what, live. */
export function LogPage() {
  const [user, setUser] = useState("");
  const [server, setServer] = useState<string | null>(null);
  const [action, setAction] = useState<string | null>(null);
  const apps = useStore(fleet, (value) => value.apps);
  const filter = useMemo<Filter>(
    () => ({
      ...(user ? { user } : {}),
      ...(server ? { server } : {}),
      ...(action ? { action } : {}),
    }),
    [user, server, action],
  );
  const log = useActions(filter);
  const users = [...new Set(log.actions.map((one) => one.user ?? "").filter(Boolean))];
  return (
    <Page title={t.log.title} text={`${t.log.text} ${t.log.live}`}>
      <div className={classes.filters}>
        <Autocomplete
          aria-label={t.log.user}
          placeholder={t.log.anyUser}
          data={users}
          value={user}
          onChange={setUser}
          clearable
        />
        <Select
          aria-label={t.log.app}
          placeholder={t.log.anyApp}
          data={apps.map((app) => app.name)}
          value={server}
          onChange={setServer}
          searchable
          clearable
        />
        <Select
          aria-label={t.log.what}
          placeholder={t.log.anyAction}
          data={Object.entries(t.actionNames).map(([value, label]) => ({ value, label }))}
          value={action}
          onChange={setAction}
          searchable
          clearable
        />
      </div>
      {log.isPending && <Loader mx="auto" mt={48} display="block" />}
      {log.isError && (
        <LoadFailed
          icon={<IconHistory size={28} />}
          error={log.error}
          onRetry={() => void log.refetch()}
        />
      )}
      {log.isSuccess && log.actions.length === 0 && (
        <Empty
          icon={<IconListSearch size={28} />}
          title={Object.keys(filter).length ? t.log.noMatch : t.log.empty}
        />
      )}
      {log.actions.length > 0 && (
        <div className={panel.panel}>
          <ActionTable actions={log.actions} />
        </div>
      )}
      {log.hasNextPage && (
        <Button
          variant="default"
          mt={16}
          mx="auto"
          display="block"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {t.log.more}
        </Button>
      )}
    </Page>
  );
}

function ActionTable({ actions }: { actions: Action[] }) {
  const now = Date.now();
  return (
    <table className={`${table.table} ${classes.actions}`}>
      <thead>
        <tr>
          <th>{t.log.time}</th>
          <th>{t.log.who}</th>
          <th>{t.log.what}</th>
          <th>{t.log.app}</th>
          <th>{t.log.details}</th>
          <th>{t.log.from}</th>
        </tr>
      </thead>
      <tbody>
        {actions.map((action) => (
          <tr key={`${action.ts} ${action.action} ${action.server ?? ""} ${action.user ?? ""}`}>
            <td className={`${classes.time} number`} title={wholeTime(action.ts * 1000)}>
              {moment(action.ts * 1000, now)}
            </td>
            <td className={classes.who}>{action.user === "@local" ? t.log.local : action.user}</td>
            <td className={classes.what}>{actionName(action)}</td>
            <td className={classes.app} title={action.server}>
              {action.server}
            </td>
            <td className={classes.details} title={actionDetails(action)}>
              {actionDetails(action)}
            </td>
            <td className={`${classes.ip} number`}>{action.ip === "@local" ? "" : action.ip}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
