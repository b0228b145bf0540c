/** Keeps the fleet up to date by the event stream; never polls. */

import { type Fleet, NO_FLEET, snapshot, withStatus, withUsage } from "@/lib/fleet";
import { ApiError, address, ask, OfflineError } from "@/lib/http";
import { pageIsOpen } from "@/lib/session";
import { Store } from "@/lib/store";
import type { Action, AllDetails, StatusEvent, UsageEvent } from "@/lib/wire.gen";

export type Link = "connecting" | "open" | "lost";

export interface Happening {
  id: string;
  kind: "status" | "action" | "config" | "accounts";
  app: string;
  time: number;
  data: StatusEvent & Action;
}

export interface Point {
  time: number;
  cpu: number;
  memory: number;
}

interface Message<T> {
  app: string;
  time: number;
  data: T;
}

const POINTS = 90;
const HAPPENINGS = 300;
const LONGEST_WAIT_MS = 8_000;

export const fleet = new Store<Fleet>(NO_FLEET);
export const link = new Store<Link>("connecting");
export const problem = new Store<string>("");
/** What has happened since the page was opened, the newest first. */
export const happenings = new Store<readonly Happening[]>([]);
/** The last minutes of each app. */
export const points = new Store<ReadonlyMap<string, readonly Point[]>>(new Map());

class Stream {
  #source: EventSource | null = null;
  #lastId = "";
  #waitMs = 500;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #clockLead = 0;
  #loading: Promise<void> | null = null;
  #again = false;
  #isStale = true; // what is shown was read before the stream was open
  #held: (() => void)[] = [];

  start(): void {
    this.#open();
    window.addEventListener("online", this.now);
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** Try at once instead of when it is due. */
  now = (): void => {
    if (link.get() === "open") return;
    this.#waitMs = 500;
    this.#open();
  };

  #onVisible = (): void => {
    if (document.visibilityState === "visible") this.now();
  };

  #open(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    const query = { usage: "true", lastEventId: this.#lastId || undefined };
    const source = new EventSource(address("/events", query));
    this.#source = source;
    source.onerror = () => this.#lost();
    this.#on<unknown>(source, "ready", (message) => {
      this.#clockLead = Date.now() - message.time;
      if (this.#isStale) void this.load();
      this.#opened();
    });
    this.#on<unknown>(source, "reset", (message) => {
      this.#clockLead = Date.now() - message.time;
      void this.load();
      this.#opened();
    });
    this.#on<StatusEvent>(source, "status", (message, id) => this.#status(message, id));
    this.#on<UsageEvent>(source, "usage", (message) => this.#usage(message));
    for (const kind of ["config", "accounts", "action"] as const) {
      this.#on<Action>(source, kind, (message, id) => {
        this.#happened({ ...message, id, kind });
        if (kind === "config") void this.load();
      });
    }
  }

  #on<T>(source: EventSource, kind: string, take: (message: Message<T>, id: string) => void) {
    source.addEventListener(kind, (event: MessageEvent<string>) => {
      this.#lastId = event.lastEventId;
      take(JSON.parse(event.data), event.lastEventId);
    });
  }

  #opened(): void {
    this.#waitMs = 500;
    link.set("open");
    problem.set("");
  }

  #lost(): void {
    this.#source?.close();
    link.set("lost");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#retry(), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 1.7, LONGEST_WAIT_MS);
  }

  /** A stream doesn't say why it was refused: ask by a request that does, and that signs in. */
  async #retry(): Promise<void> {
    try {
      await this.#read(); // shown at once, and read again when the stream is open
      this.#open();
    } catch (error) {
      if (error instanceof ApiError) problem.set(error.message);
      if (!fleet.get().isLoaded && error instanceof OfflineError) problem.set(error.message);
      this.#lost();
    }
  }

  /** Read all apps anew; events that come meanwhile are taken afterwards. */
  load(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => {
      this.#loading = null;
      for (const held of this.#held.splice(0)) held();
      if (this.#again) {
        this.#again = false;
        void this.load();
      }
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      await this.#read();
      this.#isStale = false;
    } catch (error) {
      if (!fleet.get().isLoaded)
        problem.set(error instanceof Error ? error.message : String(error));
    }
  }

  async #read(): Promise<void> {
    const all = await ask<AllDetails>("/servers", { query: { details: "true" } });
    fleet.set(snapshot(all.servers, Date.now()));
    problem.set("");
    pageIsOpen();
  }

  #status(message: Message<StatusEvent>, id: string): void {
    this.#happened({ ...message, id, kind: "status", data: { ...message.data, ts: 0 } });
    const apply = () => {
      const now = message.time + this.#clockLead;
      const after = withStatus(fleet.get(), message.app, message.data, now);
      if (after) fleet.set(after);
      else void this.load();
    };
    if (this.#loading) this.#held.push(apply);
    else apply();
  }

  #usage(message: Message<UsageEvent>): void {
    fleet.set(withUsage(fleet.get(), message.data));
    const all = new Map(points.get());
    for (const [name, usage] of Object.entries(message.data)) {
      const point = { time: message.time, cpu: usage.cpuUsage, memory: usage.memoryUsage };
      all.set(name, [...(all.get(name) ?? []).slice(1 - POINTS), point]);
    }
    points.set(all);
  }

  #happened(happening: Happening): void {
    happenings.set([happening, ...happenings.get()].slice(0, HAPPENINGS));
  }
}

export const stream = new Stream();
