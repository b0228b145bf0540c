import { CloseButton, SegmentedControl, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import type { AppList, Kind } from "@/features/apps/use-app-list";
import { t } from "@/lib/messages";
import classes from "./toolbar.module.css";

const KINDS: Kind[] = ["all", "running", "stopped", "crashed"];

/** Narrows the list down. */
export function Toolbar({ list }: { list: AppList }) {
  return (
    <div className={classes.bar}>
      <TextInput
        className={classes.filter}
        type="search"
        placeholder={t.apps.filter}
        aria-label={t.apps.filter}
        leftSection={<IconSearch size={17} />}
        value={list.filter}
        onChange={(event) => list.setFilter(event.currentTarget.value)}
        rightSection={
          list.filter ? (
            <CloseButton
              size="sm"
              aria-label={t.apps.clearFilter}
              onClick={() => list.setFilter("")}
            />
          ) : null
        }
      />
      <SegmentedControl
        className={classes.kinds}
        aria-label={t.apps.status}
        value={list.kind}
        onChange={(kind) => list.setKind(kind as Kind)}
        data={KINDS.map((kind) => ({
          value: kind,
          label: (
            <span className="number">
              {t.apps[kind]} {list.counts[kind]}
            </span>
          ),
        }))}
      />
    </div>
  );
}
