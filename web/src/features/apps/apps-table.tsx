import { Checkbox, Tooltip } from "@mantine/core";
import panel from "@/components/panel.module.css";
import { AppRow } from "@/features/apps/app-row";
import { GroupRow } from "@/features/apps/group-row";
import type { AppList } from "@/features/apps/use-app-list";
import { t } from "@/lib/messages";
import classes from "./apps-table.module.css";

/** The list; on a phone each app is a card. */
export function AppsTable({ list }: { list: AppList }) {
  const names = list.shown.map((app) => app.name);
  const some = names.some((name) => list.selected.has(name));
  const all = names.every((name) => list.selected.has(name));
  return (
    <div className={`${panel.panel} ${classes.frame}`}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th className={classes.check}>
              <Checkbox
                size="xs"
                aria-label={t.apps.selectAll}
                checked={all}
                indeterminate={some && !all}
                onChange={(event) => list.select(names, event.currentTarget.checked)}
              />
            </th>
            <th>{t.apps.name}</th>
            <th>{t.apps.status}</th>
            <Hinted text={t.apps.cpu} hint={t.apps.cpuHint} className={classes.wide} />
            <Hinted text={t.apps.memory} hint={t.apps.memoryHint} className={classes.wide} />
            <th className={classes.wide}>{t.apps.uptime}</th>
            <th className={classes.buttons}>
              <span className={classes.hidden}>{t.apps.operations}</span>
            </th>
          </tr>
        </thead>
        {list.groups.map((group) => {
          const isOpen = !list.closed.has(group.name);
          const isNamed = list.groups.length > 1;
          return (
            <tbody key={group.name}>
              {isNamed && (
                <GroupRow
                  group={group}
                  isOpen={isOpen}
                  onToggle={() => list.toggleGroup(group.name)}
                />
              )}
              {(isOpen || !isNamed) &&
                group.apps.map((app) => (
                  <AppRow
                    key={app.name}
                    app={app}
                    isSelected={list.selected.has(app.name)}
                    onSelect={list.select}
                  />
                ))}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}

function Hinted({
  text,
  hint,
  className,
}: {
  text: string;
  hint: string;
  className: string | undefined;
}) {
  return (
    <th className={className}>
      <Tooltip label={hint}>
        <span>{text}</span>
      </Tooltip>
    </th>
  );
}
