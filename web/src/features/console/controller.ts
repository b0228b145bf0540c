/** One open console: the socket, the pages of the log, and the lines that are held of both. */

import { bytes } from "@/lib/format";
import { appPath, ask } from "@/lib/http";
import { t } from "@/lib/messages";
import { Store } from "@/lib/store";
import type { ConsoleMessage, ConsoleOutput, LogPage } from "@/lib/wire.gen";
import { LogWindow } from "./log-window";
import { ConsoleSocket, type Link } from "./socket";

const FOLLOWED_LINES = 10_000; // held while the newest are looked at
const MOST_LINES = 40_000; // held while somebody reads further up
const PAGE_LINES = 1000;
const PENDING_LINES = 4000; // not drawn yet; more are taken in without waiting for a frame

export interface View {
  link: Link;
  refusal: string;
  readOnly: boolean;
  /** Grows with each change of the lines. */
  version: number;
  /** The newest lines are held, and what comes is added. */
  isAttached: boolean;
  follows: boolean;
  /** Lines that came since it stopped following. */
  unseen: number;
  isCleared: boolean;
  isLoading: "" | "earlier" | "later" | "place";
  /** The line to bring into view: its offset, and a number that tells one wish from the next. */
  target: { offset: number; wish: number; isMarked: boolean } | null;
}

export class Console {
  readonly log = new LogWindow();
  readonly view = new Store<View>({
    link: "connecting",
    refusal: "",
    readOnly: false,
    version: 0,
    isAttached: true,
    follows: true,
    unseen: 0,
    isCleared: false,
    isLoading: "",
    target: null,
  });

  readonly #socket: ConsoleSocket;
  #pending: ConsoleMessage[] = [];
  #pendingLines = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardEnd: number | undefined; // of what the socket has sent, held or not
  #startsAnew = false;
  #wish = 0;
  #turn = 0;

  constructor(readonly name: string) {
    this.#socket = new ConsoleSocket(name, {
      since: () => (this.#startsAnew ? undefined : this.#heardEnd),
      take: (message) => this.#take(message),
      changed: (link, refusal) => this.#set({ link, refusal }),
    });
  }

  open(): void {
    this.#socket.open();
  }

  close(): void {
    this.#flush();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  send(text: string): boolean {
    if (!this.#socket.send(text)) return false;
    if (this.view.get().isAttached) {
      this.#flush();
      for (const line of text.split("\n")) this.log.note(line, "echo", Date.now());
      this.#changed();
    }
    return true;
  }

  follow(follows: boolean): void {
    const view = this.view.get();
    if (view.follows === follows) return;
    this.#set({ follows, ...(follows ? { unseen: 0 } : {}) });
  }

  /** To the newest lines, wherever one is. */
  jump(): void {
    this.#begin("");
    if (!this.view.get().isAttached) this.#restart();
    this.#set({ follows: true, unseen: 0, isAttached: true, target: null });
  }

  #restart(): void {
    this.#startsAnew = true;
    this.#pending = [];
    this.#pendingLines = 0;
    this.#socket.open();
  }

  /** Hide what is there; the log on disk stays whole. */
  clear(): void {
    this.#begin("");
    this.#flush();
    const end = this.view.get().isAttached ? this.log.end : (this.#heardEnd ?? this.log.end);
    this.log.clear(end, false);
    this.#set({ isCleared: true, follows: true, unseen: 0, isAttached: true, target: null });
    this.#changed();
  }

  showAll(): void {
    this.log.hasEarlier = true;
    this.#set({ isCleared: false });
    void this.loadEarlier();
  }

  async loadEarlier(): Promise<void> {
    if (!this.log.hasEarlier || this.view.get().isLoading) return;
    const turn = this.#begin("earlier");
    const until = this.log.start;
    const page = await this.#page({ until, limit: PAGE_LINES });
    if (!this.#ends(turn) || !page || this.log.start !== until) return;
    this.log.prepend(page);
    if (this.log.count > MOST_LINES && this.log.trimEnd(MOST_LINES)) this.#detach();
    this.#changed();
  }

  async loadLater(): Promise<void> {
    if (this.view.get().isAttached || this.view.get().isLoading) return;
    const turn = this.#begin("later");
    const since = this.log.end;
    const page = await this.#page({ since, limit: PAGE_LINES });
    if (!this.#ends(turn) || !page || this.log.end !== since) return;
    this.#extend(page);
    this.log.trimStart(MOST_LINES);
    this.#changed();
  }

  /** To the first line that is kept. */
  async toStart(): Promise<void> {
    const turn = this.#begin("place");
    const page = await this.#page({ since: 0, limit: PAGE_LINES });
    if (this.#ends(turn) && page) this.#showFrom(page, null, page.lines[0]?.offset ?? page.start);
  }

  /** To the line at an offset. */
  async to(offset: number): Promise<void> {
    const turn = this.#begin("place");
    const [before, after] = await Promise.all([
      this.#page({ until: offset, limit: 200 }),
      this.#page({ since: offset, limit: PAGE_LINES }),
    ]);
    if (this.#ends(turn) && before && after) this.#showFrom(after, before, offset);
  }

  /** To the first line of a moment. */
  async toTime(ms: number): Promise<void> {
    const page = await this.#page({ sinceTime: ms, limit: 1 });
    const line = page?.lines[0];
    if (line) await this.to(line.offset);
    else if (page) this.jump();
  }

  #showFrom(page: LogPage, before: LogPage | null, offset: number): void {
    this.#flush();
    this.log.clear(page.lines[0]?.offset ?? page.end, false);
    this.#set({ follows: false, isAttached: false, isCleared: false });
    this.#extend(page);
    if (before) this.log.prepend(before);
    this.#wish += 1;
    this.#set({ target: { offset, wish: this.#wish, isMarked: before !== null }, unseen: 0 });
    this.#changed();
  }

  /** Add a page; at the log's end go on with what comes live, exactly behind it. */
  #extend(page: LogPage): void {
    this.log.extend(page);
    if (page.next !== undefined) return;
    this.#set({ isAttached: true });
    this.#startsAnew = false;
    this.#heardEnd = this.log.end;
    this.#pending = [];
    this.#pendingLines = 0;
    this.#socket.open();
  }

  #detach(): void {
    this.#set({ isAttached: false });
  }

  /** What is wished for last counts: what is being loaded for something else is forgotten. */
  #begin(what: View["isLoading"]): number {
    this.#turn += 1;
    this.#set({ isLoading: what });
    return this.#turn;
  }

  /** Whether what was loaded is still wanted. */
  #ends(turn: number): boolean {
    if (turn !== this.#turn) return false;
    this.#set({ isLoading: "" });
    return true;
  }

  async #page(query: Record<string, number>): Promise<LogPage | null> {
    try {
      return await ask<LogPage>(appPath(this.name, "/console/log"), { query });
    } catch {
      return null; // the connection's state is shown already; scrolling on asks again
    }
  }

  #take(message: ConsoleMessage): void {
    if (message.type === "settings") this.#set({ readOnly: message.readOnly });
    if (message.type !== "output" && message.type !== "gap") return;
    this.#pending.push(message);
    this.#heardEnd = message.type === "output" ? message.next : message.to;
    if (message.type === "output") this.#pendingLines += countLines(message.data);
    if (this.#pendingLines > PENDING_LINES) this.#flush();
    else this.#soon();
  }

  #soon(): void {
    if (document.hidden) this.#timer ??= setTimeout(this.#flush, 1000);
    else if (!this.#frame) this.#frame = requestAnimationFrame(this.#flush);
  }

  #flush = (): void => {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = 0;
    this.#timer = undefined;
    const messages = this.#pending;
    this.#pending = [];
    this.#pendingLines = 0;
    if (messages.length === 0) return;
    const before = this.view.get();
    let added = 0;
    for (const message of messages) added += this.#add(message, before.isAttached);
    if (!before.follows) this.#set({ unseen: before.unseen + added });
    if (before.follows) this.log.trimStart(FOLLOWED_LINES);
    else if (this.log.count > MOST_LINES) this.#detach();
    if (before.isAttached) this.#changed();
  };

  /** Returns how many lines came, whether they are held or not. */
  #add(message: ConsoleMessage, isAttached: boolean): number {
    if (message.type === "gap") {
      if (isAttached)
        this.log.gap(t.console.gap(bytes(Math.max(0, message.to - message.from))), message.to);
      return 0;
    }
    if (message.type !== "output") return 0;
    if (!isAttached) return countLines(message.data);
    this.#beginAnew(message);
    return this.log.append(message);
  }

  /** The first output of all, or after a jump: what was held before has nothing to do with it. */
  #beginAnew(message: ConsoleOutput): void {
    const isFirst = this.log.count === 0 && this.log.end === 0;
    if (!this.#startsAnew && !isFirst) return;
    this.#startsAnew = false;
    this.log.clear(message.offset, message.offset > 0);
  }

  #changed(): void {
    this.#set({ version: this.view.get().version + 1 });
  }

  #set(change: Partial<View>): void {
    this.view.set({ ...this.view.get(), ...change });
  }
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
