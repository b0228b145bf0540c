/** The console's WebSocket: opens again by itself, goes on where it was. */

import { address, appPath } from "@/lib/http";
import { askForSignIn } from "@/lib/session";
import type { ConsoleMessage } from "@/lib/wire.gen";

export type Link = "connecting" | "live" | "lost" | "refused";

export interface Owner {
  /** Where to go on; undefined: with the newest lines. */
  since: () => number | undefined;
  take: (message: ConsoleMessage) => void;
  changed: (link: Link, why: string) => void;
}

const PING_MS = 10_000;
const SILENCE_MS = 9_000; // without an answer to a ping: the connection is dead
const LONGEST_WAIT_MS = 6_000;
const MOST_BYTES = 900_000; // of one message; the daemon ends consoles that send more than 1 MiB
const FINAL = new Set([1000, 4400, 4403, 4404]); // opening it again would not help

export class ConsoleSocket {
  #socket: WebSocket | null = null;
  #waitMs = 300;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly name: string,
    readonly owner: Owner,
  ) {}

  open = (): void => {
    this.close();
    const query = { times: "true", partial: "true", since: this.owner.since() };
    const url = address(appPath(this.name, "/console"), query);
    const socket = new WebSocket(origin() + url, "console-v2");
    this.#socket = socket;
    socket.onmessage = (event: MessageEvent<string>) => this.#take(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(event);
    this.#pinger = setInterval(() => this.#ping(), PING_MS);
  };

  close(): void {
    clearTimeout(this.#retry);
    this.#quiet();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  /** Whether it could be sent. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type: "input", data: text }));
    return true;
  }

  #take(message: ConsoleMessage): void {
    clearTimeout(this.#deadline);
    if (message.type === "settings") {
      this.#waitMs = 300;
      this.owner.changed("live", "");
    }
    this.owner.take(message);
  }

  #ping(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: "ping", id: "p" }));
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.close();
      this.#again();
    }, SILENCE_MS);
  }

  #quiet(): void {
    clearInterval(this.#pinger);
    clearTimeout(this.#deadline);
  }

  #closed(event: CloseEvent): void {
    this.#quiet();
    this.#socket = null;
    if (event.code === 4401) {
      this.owner.changed("lost", "");
      void askForSignIn().then(() => this.open());
    } else if (FINAL.has(event.code)) {
      this.owner.changed("refused", event.reason);
    } else {
      this.#again();
    }
  }

  #again(): void {
    this.owner.changed("lost", "");
    this.#retry = setTimeout(this.open, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 1.8, LONGEST_WAIT_MS);
  }
}

/** Whether it can't be sent in one message. */
export function isTooLong(text: string): boolean {
  return new TextEncoder().encode(JSON.stringify(text)).length > MOST_BYTES;
}

function origin(): string {
  return window.location.origin.replace(/^http/, "ws");
}
