import { useMemo, useState } from "react";
import { type App, type Group, grouped, isUp } from "@/lib/fleet";
import { fleet } from "@/lib/live";
import { recall, remember } from "@/lib/storage";
import { useStore } from "@/lib/store";

export type Kind = "all" | "running" | "stopped" | "crashed";

export interface AppList {
  shown: App[];
  groups: Group[];
  counts: Record<Kind, number>;
  filter: string;
  setFilter: (text: string) => void;
  kind: Kind;
  setKind: (kind: Kind) => void;
  clearFilter: () => void;
  selected: ReadonlySet<string>;
  select: (names: readonly string[], isSelected: boolean) => void;
  closed: ReadonlySet<string>;
  toggleGroup: (name: string) => void;
}

export function kindOf(app: App): Exclude<Kind, "all"> {
  if (app.state === "crashed" || app.state === "backoff") return "crashed";
  return isUp(app) || app.state === "starting" ? "running" : "stopped";
}

/** What of the apps is shown, and which of them are selected. */
export function useAppList(): AppList {
  const apps = useStore(fleet, (value) => value.apps);
  const [filter, setFilter] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [closed, setClosed] = useState<ReadonlySet<string>>(
    () => new Set(recall<string[]>("closed-groups", [])),
  );

  const shown = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return apps.filter(
      (app) =>
        (kind === "all" || kindOf(app) === kind) &&
        words.every((word) => app.name.toLowerCase().includes(word)),
    );
  }, [apps, filter, kind]);
  const groups = useMemo(() => grouped(shown), [shown]);
  const counts = useMemo(() => {
    const found = { all: apps.length, running: 0, stopped: 0, crashed: 0 };
    for (const app of apps) found[kindOf(app)] += 1;
    return found;
  }, [apps]);
  const selected = useMemo(
    () => new Set(apps.filter((app) => picked.has(app.name)).map((app) => app.name)),
    [apps, picked],
  );

  return {
    shown,
    groups,
    counts,
    filter,
    setFilter,
    kind,
    setKind,
    clearFilter: () => {
      setFilter("");
      setKind("all");
    },
    selected,
    select: (names, isSelected) => {
      const after = new Set(picked);
      for (const name of names) {
        if (isSelected) after.add(name);
        else after.delete(name);
      }
      setPicked(after);
    },
    closed,
    toggleGroup: (name) => {
      const after = new Set(closed);
      if (!after.delete(name)) after.add(name);
      setClosed(after);
      remember("closed-groups", [...after]);
    },
  };
}
