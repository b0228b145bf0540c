/** The part of a console's log that the page holds: whole lines, in order, without a hole. Pure. */

import type { ConsoleOutput, LogPage } from "@/lib/wire.gen";
import { plainText } from "./ansi";

export interface Line {
  text: string;
  /** Milliseconds since 1970; 0: unknown. */
  time: number;
  /** Of its first byte in the log; -1: somewhere behind the line before it. */
  offset: number;
  /** Characters that are seen. */
  cells: number;
  kind: "output" | "gap" | "echo";
}

export function lineOf(
  text: string,
  time: number,
  offset: number,
  kind: Line["kind"] = "output",
): Line {
  return { text, time, offset, kind, cells: plainText(text).length };
}

export class LogWindow {
  lines: Line[] = [];
  /** Number of the first line held; a line keeps its number while others come and go around it. */
  base = 0;
  /** Offsets in the log: of the first byte held, and of what follows the last. */
  start = 0;
  end = 0;
  hasEarlier = false;
  /** The last line isn't finished: what comes next goes on with it. */
  isOpen = false;

  get count(): number {
    return this.lines.length;
  }

  clear(at: number, hasEarlier: boolean): void {
    this.base += this.lines.length + 1; // numbers are not used again
    this.lines = [];
    this.start = at;
    this.end = at;
    this.hasEarlier = hasEarlier;
    this.isOpen = false;
  }

  /** New output; returns how many lines it began. */
  append(output: ConsoleOutput): number {
    if (output.data === "" && output.next === output.offset) {
      if (this.count === 0) this.start = output.offset;
      this.end = output.next;
      return 0;
    }
    if (this.count === 0) this.start = output.offset;
    const texts = output.data.split("\n");
    const added = this.isOpen && output.offset === this.end ? this.#continue(texts) : texts.length;
    const first = texts.length - added;
    const times = timesOf(output, texts.length);
    for (let i = first; i < texts.length; i += 1) {
      const offset = i === 0 ? output.offset : -1;
      this.lines.push(lineOf(texts[i] ?? "", times[i] ?? output.time, offset));
    }
    this.end = output.next;
    this.isOpen = output.partial ?? false;
    return added;
  }

  #continue(texts: string[]): number {
    const last = this.lines.findLastIndex((line) => line.kind === "output");
    const line = this.lines[last];
    if (!line) return texts.length;
    this.lines[last] = lineOf(line.text + (texts[0] ?? ""), line.time, line.offset);
    return texts.length - 1;
  }

  /** Lines that only this page knows: what was typed, what is missing. */
  note(text: string, kind: "gap" | "echo", time: number): void {
    this.lines.push(lineOf(text, time, -1, kind));
  }

  /** Output that is no longer kept. */
  gap(text: string, to: number): void {
    if (this.count === 0) this.start = to;
    this.note(text, "gap", 0);
    this.end = to;
    this.isOpen = false;
  }

  /** The page before what is held. */
  prepend(page: LogPage): void {
    const lines = page.lines.map((line) => lineOf(line.text, line.time, line.offset));
    this.lines = [...lines, ...this.lines];
    this.base -= lines.length;
    this.start = lines[0]?.offset ?? page.previous ?? page.start;
    this.hasEarlier = page.previous !== undefined;
  }

  /** The page after what is held. */
  extend(page: LogPage): void {
    if (this.count === 0) this.start = page.lines[0]?.offset ?? page.end;
    this.lines.push(...page.lines.map((line) => lineOf(line.text, line.time, line.offset)));
    this.end = page.next ?? page.end;
    this.isOpen = false;
  }

  /** Let go of the oldest lines, so that about `most` stay. */
  trimStart(most: number): void {
    let cut = this.count - most;
    if (cut <= 0) return;
    while (cut < this.count && (this.lines[cut]?.offset ?? -1) < 0) cut += 1;
    const first = this.lines[cut];
    if (!first) return;
    this.lines = this.lines.slice(cut);
    this.base += cut;
    this.start = first.offset;
    this.hasEarlier = true;
  }

  /** Let go of the newest lines, so that about `most` stay; whether any went. */
  trimEnd(most: number): boolean {
    let cut = most;
    while (cut < this.count && (this.lines[cut]?.offset ?? -1) < 0) cut += 1;
    const next = this.lines[cut];
    if (!next) return false;
    this.lines = this.lines.slice(0, cut);
    this.end = next.offset;
    this.isOpen = false;
    return true;
  }

  /** Index of the line that holds `offset`, as far as that is known. */
  find(offset: number): number {
    return this.lines.findLastIndex((line) => line.offset >= 0 && line.offset <= offset);
  }
}

function timesOf(output: ConsoleOutput, count: number): number[] {
  const times = new Array<number>(count).fill(output.time);
  const pairs = output.times ?? [];
  pairs.forEach(([line = 0, time = 0], i) => {
    times.fill(time, line, pairs[i + 1]?.[0] ?? count);
  });
  return times;
}
