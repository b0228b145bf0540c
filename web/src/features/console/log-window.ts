/** The part of a console's log that the page holds: whole lines, in order, without a hole. Pure. */

import type { ConsoleOutput, LogPage } from "@/lib/wire.gen";
import { folded, LONGEST, shown, textOf } from "./ansi";
import { PLAIN, type Style, sequenceOf } from "./sgr";
import { widthOf } from "./width";

export interface Line {
  text: string;
  /** Milliseconds since 1970; 0: unknown. */
  time: number;
  /** Of its first byte in the log; -1: somewhere behind the line before it. */
  offset: number;
  /** Columns that are seen. */
  cells: number;
  kind: "output" | "notice" | "gap" | "echo";
  /** In what style it begins, and the line behind it. */
  before: Style;
  after: Style;
}

const MOST_CHARACTERS = 16_000_000; // held of all lines
const NOTICE = "[Octyne] "; // begins what the daemon itself writes into the log

export function lineOf(
  text: string,
  time: number,
  offset: number,
  kind: Line["kind"] = "output",
  before: Style = PLAIN,
): Line {
  if (kind === "output" && text.startsWith(NOTICE)) return lineOf(text, time, offset, "notice");
  const kept = text.length > LONGEST ? folded(text, before) : text;
  // What was typed and what is missing is ours; the style goes on behind what was typed.
  const look = shown(kept, kind === "output" ? before : PLAIN);
  const after = kind === "output" ? look.after : kind === "echo" ? before : PLAIN;
  return { text: kept, time, offset, kind, cells: widthOf(textOf(look)), before, after };
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
  /** The style at the first byte held: known from what was held before it, or taken for plain. */
  #lead = { style: PLAIN, isKnown: false };

  get count(): number {
    return this.lines.length;
  }

  clear(at: number, hasEarlier: boolean): void {
    this.#lead =
      this.count > 0 && at === this.end
        ? { style: this.#style, isKnown: true }
        : { style: PLAIN, isKnown: at === 0 };
    this.base += this.lines.length + 1; // numbers are not used again
    this.lines = [];
    this.start = at;
    this.end = at;
    this.hasEarlier = hasEarlier;
    this.isOpen = false;
  }

  /** The style behind all that is held. */
  get #style(): Style {
    return this.lines.at(-1)?.after ?? this.#lead.style;
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
      const time = times[i] ?? output.time;
      this.lines.push(lineOf(texts[i] ?? "", time, offset, "output", this.#style));
    }
    this.end = output.next;
    this.isOpen = output.partial ?? false;
    return added;
  }

  #continue(texts: string[]): number {
    const last = this.lines.findLastIndex((line) => line.kind === "output");
    const line = this.lines[last];
    if (!line) return texts.length;
    const text = line.text + (texts[0] ?? "");
    const whole = lineOf(text, line.time, line.offset, "output", line.before);
    this.lines[last] = whole;
    this.#carry(last + 1, whole.after);
    return texts.length - 1;
  }

  /** A style goes on from a line to the next ones, as far as that changes them. */
  #carry(from: number, style: Style): void {
    let before = style;
    for (let i = from; i < this.count; i += 1) {
      const line = this.lines[i];
      if (!line || isSame(line.before, before)) return;
      const { text, time, offset, kind } = line;
      const changed = lineOf(text, time, offset, kind, before);
      this.lines[i] = changed;
      before = changed.after;
    }
  }

  /** Lines that only this page knows: what was typed, what is missing. */
  note(text: string, kind: "gap" | "echo", time: number): void {
    this.lines.push(lineOf(text, time, -1, kind, this.#style));
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
    const lead = this.#lead;
    const isStyled = page.lines.some((line) => /[\x1b\x9b]/.test(line.text));
    // Where no style is changed, it is the same before as behind; else a page begins plain.
    const style = lead.isKnown && !isStyled ? lead.style : PLAIN;
    const lines = linesOf(page, style);
    this.lines = [...lines, ...this.lines];
    this.base -= lines.length;
    this.start = lines[0]?.offset ?? page.previous ?? page.start;
    this.hasEarlier = page.previous !== undefined;
    if (!lead.isKnown) this.#carry(lines.length, lines.at(-1)?.after ?? style);
    this.#lead = { style, isKnown: !this.hasEarlier || (lead.isKnown && !isStyled) };
  }

  /** The page after what is held; without the log's last line: it may go on, so it is left to the live output. */
  extend(page: LogPage): void {
    if (this.count === 0) this.start = page.lines[0]?.offset ?? page.end;
    const last = page.next === undefined ? page.lines.at(-1) : undefined;
    const lines = linesOf(page, this.#style);
    this.lines.push(...(last ? lines.slice(0, -1) : lines));
    this.end = last?.offset ?? page.next ?? page.end;
    this.isOpen = false;
  }

  /** Let go of the oldest lines, so that about `most` stay. */
  trimStart(most: number): void {
    let cut = Math.max(this.count - most, this.#tooMuch());
    if (cut <= 0) return;
    while (cut < this.count && (this.lines[cut]?.offset ?? -1) < 0) cut += 1;
    const first = this.lines[cut];
    if (!first) return;
    this.lines = this.lines.slice(cut);
    this.base += cut;
    const isKnown = this.#lead.isKnown || first.before !== PLAIN;
    this.#lead = { style: first.before, isKnown };
    this.start = first.offset;
    this.hasEarlier = true;
  }

  /** How many of the oldest lines are beyond what all may hold together. */
  #tooMuch(): number {
    let room = MOST_CHARACTERS;
    let from = this.count;
    while (from > 0 && room > 0) {
      from -= 1;
      room -= this.lines[from]?.text.length ?? 0;
    }
    return from;
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

function linesOf(page: LogPage, style: Style): Line[] {
  let before = style;
  return page.lines.map(({ text, time, offset }) => {
    const line = lineOf(text, time, offset, "output", before);
    before = line.after;
    return line;
  });
}

function isSame(one: Style, other: Style): boolean {
  return one === other || sequenceOf(one) === sequenceOf(other);
}

function timesOf(output: ConsoleOutput, count: number): number[] {
  const times = new Array<number>(count).fill(output.time);
  const pairs = output.times ?? [];
  pairs.forEach(([line = 0, time = 0], i) => {
    times.fill(time, line, pairs[i + 1]?.[0] ?? count);
  });
  return times;
}
