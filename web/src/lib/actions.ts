/** The action log, as sentences and pages. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask } from "@/lib/http";
import { happenings } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { Action, ActionLog } from "@/lib/wire.gen";

export interface Filter {
  user?: string;
  server?: string;
  action?: string;
}

const PAGE = 100;
const KNOWN = new Set(["ts", "level", "msg", "action", "user", "ip", "server", "time"]);

/** What was done, in words. */
export const actionName = (action: Action): string =>
  t.actionNames[action.action ?? ""] ?? action.action ?? action.msg ?? "";

/** What more there is to say: the command, the file, the account. */
export function actionDetails(action: Action): string {
  const more = Object.entries(action).filter(([key, value]) => !KNOWN.has(key) && value !== false);
  return more
    .map(([key, value]) => (key === "input" ? String(value) : `${key}: ${shown(value)}`))
    .join(", ");
}

const shown = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** The log's pages, the newest first, with what happens meanwhile on top. */
export function useActions(filter: Filter) {
  const pages = useInfiniteQuery({
    queryKey: ["log", filter],
    queryFn: ({ pageParam }) =>
      ask<ActionLog>("/log", { query: { limit: PAGE, before: pageParam, ...filter } }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.actions.length < PAGE ? undefined : last.actions.at(-1)?.ts),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const all = useStore(happenings);
  const read = pages.data;
  const readAt = pages.dataUpdatedAt;
  const actions = useMemo(() => {
    const kept = read?.pages.flatMap((page) => page.actions) ?? [];
    const newest = kept[0]?.ts ?? 0;
    const live = all
      .filter(
        (one) =>
          one.kind === "action" && one.time / 1000 > newest + 0.001 && matches(one.data, filter),
      )
      .map((one) => ({ ...one.data, ts: one.time / 1000 }))
      // What is in both is the same but for a moment of its time.
      .filter((one) => !kept.slice(0, 20).some((old) => isSame(old, one)));
    return readAt ? [...live, ...kept] : [];
  }, [read, readAt, all, filter]);
  return { ...pages, actions: actions.filter((action) => action.action) };
}

function isSame(a: Action, b: Action): boolean {
  return (
    Math.abs(a.ts - b.ts) < 0.05 &&
    a.action === b.action &&
    a.user === b.user &&
    a.server === b.server
  );
}

function matches(action: Action, { user, server, action: wanted }: Filter): boolean {
  return (
    (!user || action.user === user) &&
    (!server || action.server === server) &&
    (!wanted || action.action === wanted)
  );
}
