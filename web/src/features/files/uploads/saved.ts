/** Unfinished uploads, kept in this browser so that they go on after a reload. */

import type { Item } from "./queue";
import type { Source } from "./sources";

export interface Saved {
  item: Item;
  id: string;
  tab: string;
  /** The upload at the daemon. */
  url: string;
  /** The content of small files; larger ones are asked for again. */
  file: File | null;
  /** By which a larger one can be read again. */
  source: Source | null;
}

const DATABASE = "octyne-uploads";
const STORE = "items";
const ALIVE = "octyne:uploads-alive:";
const TAB_KEY = "octyne:tab";
const DEAD_AFTER_MS = 15_000;
const MOST_BYTES_OF_ONE = 16 << 20;
const MOST_BYTES = 256 << 20;

/** This tab, also after a reload; another one in each other tab. */
export const tab = tabName();

function tabName(): string {
  try {
    const known = sessionStorage.getItem(TAB_KEY);
    const name = known ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem(TAB_KEY, name);
    return name;
  } catch {
    return "";
  }
}

/** Says that this tab takes care of its uploads. */
export function isAlive(): void {
  try {
    localStorage.setItem(ALIVE + tab, String(Date.now()));
  } catch {
    // Then other tabs may take them over; the daemon lets one of both go on.
  }
}

function isAbandoned(other: string): boolean {
  try {
    return Date.now() - Number(localStorage.getItem(ALIVE + other) ?? 0) > DEAD_AFTER_MS;
  } catch {
    return false;
  }
}

let keptBytes = 0;

/** Whether a file's content is kept, too. */
export function isKept(size: number): boolean {
  if (size > MOST_BYTES_OF_ONE || keptBytes + size > MOST_BYTES) return false;
  keptBytes += size;
  return true;
}

export async function saveAll(records: readonly Saved[]): Promise<void> {
  await run("readwrite", (store) => {
    for (const record of records) put(store, record);
  });
}

/** A browser may have handles of files that it can't keep. */
function put(store: IDBObjectStore, record: Saved): void {
  try {
    store.put(record);
  } catch {
    store.put({ ...record, source: null });
  }
}

export async function change(id: string, part: Partial<Saved>): Promise<void> {
  await run("readwrite", (store) => {
    const asked: IDBRequest<Saved | undefined> = store.get(id);
    asked.onsuccess = () => {
      if (asked.result) store.put({ ...asked.result, ...part });
    };
  });
}

export async function forget(ids: Iterable<string>): Promise<void> {
  await run("readwrite", (store) => {
    for (const id of ids) store.delete(id);
  });
}

/** What this tab left behind, and tabs that are gone. */
export async function load(): Promise<Saved[]> {
  let all: Saved[] = [];
  await run("readonly", (store) => {
    const asked: IDBRequest<Saved[]> = store.getAll();
    asked.onsuccess = () => {
      all = asked.result;
    };
  });
  return all.filter((record) => record.tab === tab || isAbandoned(record.tab));
}

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** A browser that keeps nothing only can't go on after a reload. */
async function run(mode: IDBTransactionMode, use: (store: IDBObjectStore) => void): Promise<void> {
  try {
    const transaction = (await database()).transaction(STORE, mode);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      use(transaction.objectStore(STORE));
    });
  } catch {
    // A private window, or no room.
  }
}
