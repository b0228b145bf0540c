/** Sends files in pieces, some at a time, and goes on after pauses, outages and reloads. */

import { type DetailedError, Upload } from "tus-js-client";
import { address, appPath } from "@/lib/http";
import { link } from "@/lib/live";
import { askForSignIn } from "@/lib/session";
import { Store } from "@/lib/store";
import { setTransfers } from "@/lib/transfers";
import { touched } from "../changes";
import {
  type Change,
  type Item,
  isActive,
  isOpen,
  matched,
  NO_QUEUE,
  nextOf,
  type Queue,
  reduced,
} from "./queue";
import * as saved from "./saved";
import { reopened, type Source } from "./sources";
import type { Chosen } from "./survey";

export interface Order {
  app: string;
  folder: string;
  name: string;
  label: string;
  file: File;
  source: Source | undefined;
}

const AT_ONCE = 3;
const IN_ONE_REQUEST = 1 << 20; // up to this size a file is sent along with its creation
const RETRY_MS = [500, 1500, 4000, 8000];
const SHOW_EVERY_MS = 200;
const ALIVE_EVERY_MS = 5000;

class Uploader {
  readonly queue = new Store<Queue>(NO_QUEUE);
  readonly #files = new Map<string, File>();
  readonly #urls = new Map<string, string>();
  /** Of lost items: where their files can be read again, when the user allows it. */
  readonly #sources = new Map<string, Source>();
  readonly #running = new Map<string, Upload>();
  readonly #unkept = new Set<string>();
  /** Those that were begun anew, as the daemon had nothing of them any more. */
  readonly #renewed = new Set<string>();
  #sent = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restored: Promise<void> | undefined;

  constructor() {
    link.subscribe(() => {
      if (link.get() === "open") this.#resumeOffline();
    });
    window.addEventListener("beforeunload", (event) => {
      // What is kept goes on by itself after a reload.
      const isLost = this.queue.get().items.some((i) => isOpen(i) && this.#unkept.has(i.id));
      if (isLost) event.preventDefault();
    });
    setInterval(() => {
      if (this.queue.get().items.some(isOpen)) saved.isAlive();
    }, ALIVE_EVERY_MS);
  }

  /** Take up what was unfinished before a reload. */
  restore(): Promise<void> {
    this.#restored ??= this.#restore();
    return this.#restored;
  }

  async #restore(): Promise<void> {
    const records = await saved.load();
    const items: Item[] = [];
    for (const { item, url, file: kept, source } of records) {
      const file = kept ?? (source && (await fileAgain(item, source, false)));
      if (file) this.#files.set(item.id, file);
      else if (source) this.#sources.set(item.id, source);
      if (url) this.#urls.set(item.id, url);
      const state = !file ? "lost" : item.state === "paused" ? "paused" : "waiting";
      items.push({ ...item, state, isReopenable: source !== null, error: "" });
    }
    if (items.length > 0) {
      saved.isAlive();
      void saved.saveAll(records.map((record) => ({ ...record, tab: saved.tab })));
    }
    this.#change({ type: "add", items });
    this.#pump();
  }

  async add(orders: readonly Order[]): Promise<void> {
    await this.restore(); // first, so that it doesn't take what is new for what was left behind
    const records = orders.map(({ file, source = null, ...order }): saved.Saved => {
      const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      const item: Item = {
        ...order,
        id,
        size: file.size,
        modified: file.lastModified,
        sent: 0,
        state: "waiting",
        error: "",
        isOffline: false,
        isReopenable: false,
      };
      const keeps = saved.isKept(file.size);
      if (!keeps && !source) this.#unkept.add(id);
      this.#files.set(id, file);
      return {
        id,
        item,
        tab: saved.tab,
        url: "",
        file: keeps ? file : null,
        source: keeps ? null : source,
      };
    });
    this.#change({ type: "add", items: records.map((record) => record.item) });
    saved.isAlive();
    await saved.saveAll(records);
    this.#pump();
  }

  pause(ids = this.#ids(isActive)): void {
    for (const id of ids) void this.#running.get(id)?.abort();
    this.#forgetRunning(ids);
    this.#change({ type: "pause", ids });
    this.#saveStates(ids);
    this.#pump();
  }

  resume(ids = this.#ids((item) => item.state === "paused")): void {
    this.#change({ type: "resume", ids });
    this.#saveStates(ids);
    this.#pump();
  }

  retry(): void {
    this.resume(this.#ids((item) => item.state === "failed"));
  }

  /** Give uploads up, at the daemon too. */
  cancel(ids: ReadonlySet<string>): void {
    for (const id of ids) {
      const url = this.#urls.get(id);
      void this.#running.get(id)?.abort();
      if (url) void Upload.terminate(url, { retryDelays: [] }).catch(() => undefined);
    }
    this.#drop(ids);
    this.#pump();
  }

  /** Take what is done from the list. */
  clear(): void {
    this.#drop(this.#ids((item) => item.state === "done"));
  }

  /** Read lost files again where they were; the browser may ask. How many could be. */
  async reopen(): Promise<number> {
    const found = new Set<string>();
    for (const item of this.queue.get().items) {
      const source = this.#sources.get(item.id);
      const file = source && (await fileAgain(item, source, true));
      if (!file) continue;
      this.#files.set(item.id, file);
      this.#sources.delete(item.id);
      found.add(item.id);
    }
    this.#change({ type: "found", ids: found });
    this.#pump();
    return found.size;
  }

  /** Files that were chosen once more for uploads that lost theirs; how many fitted. */
  give(files: readonly Chosen<File>[]): number {
    const found = matched(this.queue.get().items, files);
    for (const [id, file] of found) {
      this.#files.set(id, file);
      this.#unkept.add(id);
    }
    this.#change({ type: "found", ids: new Set(found.keys()) });
    this.#pump();
    return found.size;
  }

  #pump(): void {
    for (const item of nextOf(this.queue.get(), AT_ONCE)) this.#start(item);
  }

  #start(item: Item): void {
    const file = this.#files.get(item.id);
    if (!file) {
      this.#fail(item.id, "", false);
      return;
    }
    this.#change({ type: "start", id: item.id });
    const url = this.#urls.get(item.id);
    const upload = new Upload(file, {
      endpoint: endpointOf(item),
      ...(url ? { uploadUrl: url } : {}),
      metadata: { filename: item.name },
      uploadDataDuringCreation: file.size <= IN_ONE_REQUEST,
      storeFingerprintForResuming: false, // the queue itself knows where each file goes on
      retryDelays: RETRY_MS,
      onShouldRetry: (error) => {
        const status = (error as DetailedError).originalResponse?.getStatus() ?? 0;
        return status === 0 || status === 409 || status === 429 || status >= 500;
      },
      onUploadUrlAvailable: () => {
        if (!upload.url || item.size <= IN_ONE_REQUEST) return;
        this.#urls.set(item.id, upload.url);
        void saved.change(item.id, { url: upload.url });
      },
      onProgress: (sent) => this.#progress(item.id, sent),
      onSuccess: () => this.#done(item),
      onError: (error) => void this.#broke(item, error),
    });
    this.#running.set(item.id, upload);
    upload.start();
  }

  #progress(id: string, sent: number): void {
    if (!this.#running.has(id)) return;
    this.#sent.set(id, sent);
    this.#timer ??= setTimeout(() => this.#show(), SHOW_EVERY_MS);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sent.size === 0) return;
    this.#change({ type: "progress", sent: this.#sent, now: Date.now() });
    this.#sent = new Map();
  }

  #done(item: Item): void {
    this.#running.delete(item.id);
    this.#files.delete(item.id);
    this.#unkept.delete(item.id);
    this.#change({ type: "done", id: item.id });
    void saved.forget([item.id]);
    touched(item.app);
    this.#pump();
  }

  async #broke(item: Item, error: Error | DetailedError): Promise<void> {
    if (!this.#running.delete(item.id)) return;
    const response = "originalResponse" in error ? error.originalResponse : null;
    const status = response?.getStatus() ?? 0;
    if (status === 401) {
      await askForSignIn();
      if (this.#files.has(item.id)) this.#start(item);
      return;
    }
    // Its folder was removed, or it took more than a week: begun anew it goes, or says what is missing.
    if (status === 404 && this.#urls.delete(item.id) && !this.#renewed.has(item.id)) {
      this.#renewed.add(item.id);
      this.#start(item);
      return;
    }
    this.#fail(item.id, messageOf(response?.getBody() ?? "") || error.message, status === 0);
    this.#pump();
  }

  #fail(id: string, error: string, isOffline: boolean): void {
    this.#change({ type: "fail", id, error, isOffline });
  }

  #resumeOffline(): void {
    this.resume(this.#ids((item) => item.state === "failed" && item.isOffline));
  }

  #drop(ids: ReadonlySet<string>): void {
    this.#forgetRunning(ids);
    for (const id of ids) {
      this.#files.delete(id);
      this.#urls.delete(id);
      this.#sources.delete(id);
      this.#unkept.delete(id);
      this.#renewed.delete(id);
    }
    this.#change({ type: "remove", ids });
    void saved.forget(ids);
  }

  #forgetRunning(ids: Iterable<string>): void {
    for (const id of ids) this.#running.delete(id);
  }

  #saveStates(ids: ReadonlySet<string>): void {
    for (const item of this.queue.get().items) {
      if (ids.has(item.id)) void saved.change(item.id, { item });
    }
  }

  #ids(which: (item: Item) => boolean): ReadonlySet<string> {
    return new Set(
      this.queue
        .get()
        .items.filter(which)
        .map((item) => item.id),
    );
  }

  #change(change: Change): void {
    if (change.type !== "progress") this.#show();
    this.queue.set(reduced(this.queue.get(), change));
    if (this.queue.get().items.length > 0) setTransfers(true);
  }
}

/** The same file again; one that was changed meanwhile would not fit to what was sent. */
async function fileAgain(item: Item, source: Source, asks: boolean): Promise<File | undefined> {
  const file = await reopened(source, asks);
  const isSame = file?.size === item.size && file.lastModified === item.modified;
  return isSame ? file : undefined;
}

/** Whole, as where an upload was made is told relative to it. */
const endpointOf = ({ app, folder }: Item): string =>
  new URL(address(appPath(app, "/uploads"), { path: folder }), window.location.origin).href;

function messageOf(body: string): string {
  try {
    const told: { error?: string; reason?: string } = JSON.parse(body);
    return told.reason || told.error || "";
  } catch {
    return "";
  }
}

export const uploader = new Uploader();
