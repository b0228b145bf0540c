/** The uploads of this window, as the panel shows them. Pure. */

import { NO_RATE, type Rate, sampled } from "../model/rate";

export type UploadState = "waiting" | "sending" | "paused" | "done" | "failed" | "lost";

export interface Item {
  id: string;
  app: string;
  /** Where it goes. */
  folder: string;
  name: string;
  /** The path within what was chosen, as the user knows it. */
  label: string;
  size: number;
  modified: number;
  sent: number;
  state: UploadState;
  error: string;
  /** The failure was one of the network: it goes on when that is back. */
  isOffline: boolean;
  /** The browser can be asked for its file, instead of the user. */
  isReopenable: boolean;
}

export interface Queue {
  items: readonly Item[];
  rate: Rate;
}

export const NO_QUEUE: Queue = { items: [], rate: NO_RATE };

export type Change =
  | { type: "add"; items: readonly Item[] }
  | { type: "start"; id: string }
  | { type: "progress"; sent: ReadonlyMap<string, number>; now: number }
  | { type: "done"; id: string }
  | { type: "fail"; id: string; error: string; isOffline: boolean }
  | { type: "pause"; ids: ReadonlySet<string> }
  | { type: "resume"; ids: ReadonlySet<string> }
  | { type: "found"; ids: ReadonlySet<string> }
  | { type: "remove"; ids: ReadonlySet<string> };

export const isOpen = (item: Item): boolean => item.state !== "done";
export const isActive = (item: Item): boolean =>
  item.state === "waiting" || item.state === "sending";

export function reduced(queue: Queue, change: Change): Queue {
  switch (change.type) {
    case "add":
      return { ...queue, items: [...queue.items, ...change.items] };
    case "start":
      return withItem(queue, change.id, { state: "sending", error: "" });
    case "progress":
      return withProgress(queue, change.sent, change.now);
    case "done":
      return withEnd(queue, change.id);
    case "fail":
      return withItem(queue, change.id, {
        state: "failed",
        error: change.error,
        isOffline: change.isOffline,
      });
    case "pause":
      return withAll(queue, change.ids, isActive, { state: "paused" });
    case "resume":
      return withAll(queue, change.ids, canResume, { state: "waiting", error: "" });
    case "found":
      return withAll(queue, change.ids, (item) => item.state === "lost", { state: "waiting" });
    case "remove":
      return settled({ ...queue, items: queue.items.filter((item) => !change.ids.has(item.id)) });
  }
}

const canResume = (item: Item): boolean => item.state === "paused" || item.state === "failed";

function withItem(queue: Queue, id: string, part: Partial<Item>): Queue {
  return withAll(queue, new Set([id]), () => true, part);
}

function withAll(
  queue: Queue,
  ids: ReadonlySet<string>,
  which: (item: Item) => boolean,
  part: Partial<Item>,
): Queue {
  const items = queue.items.map((item) =>
    ids.has(item.id) && which(item) ? { ...item, ...part } : item,
  );
  return settled({ ...queue, items });
}

function withEnd(queue: Queue, id: string): Queue {
  const items = queue.items.map(
    (item): Item =>
      item.id === id ? { ...item, state: "done", sent: item.size, error: "" } : item,
  );
  return settled({ ...queue, items });
}

function withProgress(queue: Queue, sent: ReadonlyMap<string, number>, now: number): Queue {
  const items = queue.items.map((item) => {
    const bytes = sent.get(item.id);
    return bytes === undefined || item.state !== "sending" ? item : { ...item, sent: bytes };
  });
  return { items, rate: sampled(queue.rate, now, sentOf(items)) };
}

/** When nothing is being sent the speed of before counts no more. */
function settled(queue: Queue): Queue {
  return queue.items.some(isActive) ? queue : { ...queue, rate: NO_RATE };
}

/** Bytes that are on the daemon's side, of all items. */
export const sentOf = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.sent, 0);

/** The next to be sent, when fewer than `most` are. */
export function nextOf(queue: Queue, most: number): Item[] {
  const busy = queue.items.filter((item) => item.state === "sending").length;
  if (busy >= most) return [];
  const next: Item[] = [];
  for (const item of queue.items) {
    if (next.length >= most - busy) break;
    if (item.state === "waiting") next.push(item);
  }
  return next;
}

export interface Summary {
  all: number;
  done: number;
  failed: number;
  paused: number;
  lost: number;
  active: number;
  size: number;
  sent: number;
}

export function summary(items: readonly Item[]): Summary {
  const result = { all: 0, done: 0, failed: 0, paused: 0, lost: 0, active: 0, size: 0, sent: 0 };
  for (const item of items) {
    result.all += 1;
    result.size += item.size;
    result.sent += item.sent;
    if (isActive(item)) result.active += 1;
    else result[item.state as "done" | "failed" | "paused" | "lost"] += 1;
  }
  return result;
}

/** Which of the lost items the files are, that were chosen once more. */
export function matched<F extends { name: string; size: number; lastModified: number }>(
  items: readonly Item[],
  files: readonly { file: F; path: string }[],
): Map<string, F> {
  const found = new Map<string, F>();
  const lost = items.filter((item) => item.state === "lost");
  const fits = (item: Item, { file }: { file: F }) =>
    file.size === item.size && file.lastModified === item.modified;
  for (const item of lost) {
    const hit = files.find((each) => each.path === item.label && fits(item, each));
    if (hit) found.set(item.id, hit.file);
  }
  const taken = new Set(found.values());
  // Chosen from elsewhere: by name, where that can mean one file and one upload alone.
  const left = lost.filter((item) => !found.has(item.id));
  for (const item of left) {
    const hits = files.filter(
      (each) => !taken.has(each.file) && each.file.name === nameIn(item.label) && fits(item, each),
    );
    const rivals = left.filter((other) => hits[0] && nameIn(other.label) === hits[0].file.name);
    if (hits[0] && hits.length === 1 && rivals.length === 1) found.set(item.id, hits[0].file);
  }
  return found;
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
