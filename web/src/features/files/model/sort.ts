/** The order of a folder's entries. Pure. */

import type { FileEntry } from "@/lib/wire.gen";

export type Column = "name" | "size" | "modified" | "kind" | "mode" | "owner";

export interface Order {
  column: Column;
  isDown: boolean;
}

export const BY_NAME: Order = { column: "name", isDown: false };

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Names as people order them ("2" before "10"); different names are never equal. */
export function compareNames(a: string, b: string): number {
  return names.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** After a click on a column's head: the other way round, or by that column. */
export function nextOrder(order: Order, column: Column): Order {
  if (order.column === column) return { column, isDown: !order.isDown };
  return { column, isDown: column === "size" || column === "modified" };
}

export const isFolder = (entry: FileEntry): boolean => entry.folder && !isLink(entry);
export const isLink = (entry: FileEntry): boolean => entry.mimeType === "inode/symlink";
export const isHidden = (entry: FileEntry): boolean => entry.name.startsWith(".");

const rank = (entry: FileEntry): number => (entry.folder ? 0 : 1);

/** Folders first, whatever the order; sizes are those that were measured, for folders. */
export function sorted(
  entries: readonly FileEntry[],
  order: Order,
  sizeOf: (entry: FileEntry) => number,
  kindOf: (entry: FileEntry) => string,
): FileEntry[] {
  const sign = order.isDown ? -1 : 1;
  const by = comparison(order.column, sizeOf, kindOf);
  return [...entries].sort(
    (a, b) => rank(a) - rank(b) || sign * by(a, b) || compareNames(a.name, b.name),
  );
}

function comparison(
  column: Column,
  sizeOf: (entry: FileEntry) => number,
  kindOf: (entry: FileEntry) => string,
): (a: FileEntry, b: FileEntry) => number {
  switch (column) {
    case "name":
      return (a, b) => compareNames(a.name, b.name);
    case "size":
      return (a, b) => sizeOf(a) - sizeOf(b);
    case "modified":
      return (a, b) => a.lastModified - b.lastModified;
    case "kind":
      return (a, b) => names.compare(kindOf(a), kindOf(b));
    case "mode":
      return (a, b) => names.compare(a.mode ?? "", b.mode ?? "");
    case "owner":
      return (a, b) => names.compare(a.owner ?? "", b.owner ?? "");
  }
}
