/** What an app prints, made safe to show: colours and styles as data, everything else dropped. */

export interface Style {
  /** 0 to 15 of the palette, or "#rrggbb". */
  colour?: number | string;
  background?: number | string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
  inverse?: boolean;
}

export interface Segment {
  text: string;
  style: Style;
}

// CSI, OSC and the other strings, two-character sequences; then control characters but the tab.
const SEQUENCE =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
const SGR = /^\x1b\[([\d;:]*)m$/;
const NO_STYLE: Style = {};

/** The text that is seen. */
export function plainText(line: string): string {
  const text = lastReturn(line);
  return needsWork(text) ? text.replace(SEQUENCE, "") : text;
}

export function parse(line: string): Segment[] {
  const text = lastReturn(line);
  if (!needsWork(text)) return text ? [{ text, style: NO_STYLE }] : [];
  const segments: Segment[] = [];
  let style = NO_STYLE;
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    push(segments, text.slice(from, match.index), style);
    from = match.index + match[0].length;
    const sgr = SGR.exec(match[0]);
    if (sgr) style = restyled(style, sgr[1] ?? "");
  }
  push(segments, text.slice(from), style);
  return segments;
}

function needsWork(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9) || (code >= 127 && code < 160)) return true;
  }
  return false;
}

/** A carriage return goes back to the line's start: what is seen is what was written last. */
function lastReturn(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").findLast((part) => part !== "") ?? "";
}

function push(segments: Segment[], text: string, style: Style): void {
  if (text) segments.push({ text, style });
}

function restyled(before: Style, codes: string): Style {
  const numbers = codes.split(/[;:]/).map((code) => Number(code || 0));
  let style: Style = { ...before };
  for (let i = 0; i < numbers.length; i += 1) {
    const code = numbers[i] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers.slice(i + 1));
      if (colour !== undefined) style[code === 38 ? "colour" : "background"] = colour;
      i += used;
    } else {
      style = simple(style, code);
    }
  }
  return style;
}

const ON: Record<number, keyof Style> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  9: "strike",
};
const OFF: Record<number, (keyof Style)[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
  39: ["colour"],
  49: ["background"],
};

function simple(style: Style, code: number): Style {
  if (code === 0) return {};
  const on = ON[code];
  if (on) return { ...style, [on]: true };
  const off = OFF[code];
  if (off)
    return Object.fromEntries(
      Object.entries(style).filter(([key]) => !off.includes(key as keyof Style)),
    );
  if (code >= 30 && code <= 37) return { ...style, colour: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, colour: code - 90 + 8 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 100 + 8 };
  return style;
}

/** The colour behind 38 or 48, and how many numbers it takes. */
function extended(rest: number[]): [number | string | undefined, number] {
  const [kind, a = 0, b = 0, c = 0] = rest;
  if (kind === 2) return [hex(a, b, c), 4];
  if (kind !== 5) return [undefined, 1];
  if (a < 16) return [a, 2];
  if (a >= 232) return [hex(8 + (a - 232) * 10, 8 + (a - 232) * 10, 8 + (a - 232) * 10), 2];
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40);
  const cube = a - 16;
  return [hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2];
}

function hex(...parts: number[]): string {
  return `#${parts.map((part) => Math.min(255, Math.max(0, part)).toString(16).padStart(2, "0")).join("")}`;
}
