import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { ApiError } from "@/lib/http";
import { link } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { FileEntry, TreeUsage } from "@/lib/wire.gen";
import { folderKey, useFolder } from "./api";
import type { Files } from "./files";
import { kindOf } from "./model/kinds";
import { within } from "./model/selection";
import { isHidden, sorted } from "./model/sort";
import { settings } from "./settings";
import { useLastChange } from "./use-last-change";

export interface Listing {
  query: ReturnType<typeof useFolder>;
  /** In the order in which they are shown. */
  entries: readonly FileEntry[];
  names: readonly string[];
  /** All names of the folder, shown or not. */
  taken: ReadonlySet<string>;
  hidden: number;
  /** The folder itself is gone; what was in it counts no more. */
  isGone: boolean;
}

const NONE: readonly FileEntry[] = [];
const REFRESH_MS = 700;
const GONE = new Set([400, 404]); // a file has its name now, or nothing

export const kindName = (entry: FileEntry): string => t.files.kinds[kindOf(entry)];

export function sizeOf(entry: FileEntry, usage: TreeUsage | "measuring" | undefined): number {
  if (!entry.folder) return entry.size;
  return usage && usage !== "measuring" ? usage.size : -1;
}

/** The folder's entries, in order, and the selection kept to what is there. */
export function useListing(files: Files, folder: string): Listing {
  const { order, columns, showsHidden } = useStore(settings);
  const hasDetails = columns.includes("mode") || columns.includes("owner");
  const query = useFolder(files.app, folder, hasDetails);
  const filter = useStore(files.filter).toLowerCase();
  const usage = useStore(files.usage, (all) => (order.column === "size" ? all : undefined));
  const isGone = query.error instanceof ApiError && GONE.has(query.error.status);
  const all = (!isGone && query.data?.contents) || NONE;
  const entries = useMemo(() => {
    const shown = all.filter(
      (entry) =>
        (showsHidden || !isHidden(entry)) && (!filter || entry.name.toLowerCase().includes(filter)),
    );
    return sorted(
      shown,
      order,
      (entry) => sizeOf(entry, usage?.get(pathOf(folder, entry))),
      kindName,
    );
  }, [all, order, showsHidden, filter, usage, folder]);
  const names = useMemo(() => entries.map((entry) => entry.name), [entries]);
  const taken = useMemo(() => new Set(all.map((entry) => entry.name)), [all]);
  useEffect(() => {
    const there = new Set(names);
    const wanted = files.wanted.filter((name) => there.has(name));
    const [first] = wanted;
    if (first !== undefined) {
      files.wanted = [];
      const names = new Set(selectsNew() ? wanted : []);
      files.selection.set({ names, anchor: first, cursor: first });
    } else files.selection.set(within(files.selection.get(), there));
  }, [files, names]);
  const hidden = useMemo(() => (showsHidden ? 0 : all.filter(isHidden).length), [all, showsHidden]);
  return { query, entries, names, taken, hidden, isGone };
}

/** With fingers the next tap is to open something, not to go on selecting. */
const selectsNew = (): boolean => window.matchMedia("(pointer: fine)").matches;

const pathOf = (folder: string, { name }: FileEntry): string =>
  folder === "/" ? `/${name}` : `${folder}/${name}`;

/** Reads folders again when somebody changed something, and when the connection is back. */
export function useRefresh(app: string): void {
  const queries = useQueryClient();
  const change = useLastChange(app);
  const isOpen = useStore(link) === "open";
  useEffect(() => {
    if (!isOpen || !change) return undefined;
    const refresh = () => void queries.invalidateQueries({ queryKey: folderKey(app) });
    const since = Date.now() - last;
    const timer = setTimeout(
      () => {
        last = Date.now();
        refresh();
      },
      since > REFRESH_MS ? 0 : REFRESH_MS - since,
    );
    return () => clearTimeout(timer);
  }, [queries, app, change, isOpen]);
}

let last = 0;
