/** The looks that an app asks for with "select graphic rendition" sequences, as data. Pure. */

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

export const PLAIN: Style = {};
const MOST_CODES = 64; // of one sequence; more are nonsense

const ON: Record<number, keyof Style> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  9: "strike",
  21: "underline",
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
const COLOURED: Record<number, keyof Style | ""> = { 38: "colour", 48: "background", 58: "" };

/** The style after a sequence with these codes ("1;31"; parts of one code behind colons). */
export function restyled(before: Style, codes: string): Style {
  const all = codes.split(";", MOST_CODES);
  let style = before;
  for (let i = 0; i < all.length; i += 1) {
    const [code = 0, ...parts] = (all[i] ?? "").split(":", 8).map(Number);
    const target = COLOURED[code];
    if (target === undefined) {
      style = code === 4 && parts[0] === 0 ? simple(style, 24) : simple(style, code);
      continue;
    }
    const isOne = parts.length > 0;
    const rest = isOne ? withoutSpace(parts) : all.slice(i + 1, i + 5).map(Number);
    const [colour, used] = extended(rest);
    if (target && colour !== undefined) style = { ...style, [target]: colour };
    if (!isOne) i += used;
  }
  return Object.keys(style).length ? style : PLAIN;
}

/** The sequence that leads to a style from any other. */
export function sequenceOf(style: Style): string {
  const codes = ["0"];
  for (const [code, key] of Object.entries(ON)) if (code !== "21" && style[key]) codes.push(code);
  if (style.colour !== undefined) codes.push(codeOf(style.colour, 38));
  if (style.background !== undefined) codes.push(codeOf(style.background, 48));
  return `\x1b[${codes.join(";")}m`;
}

function codeOf(colour: number | string, code: number): string {
  if (typeof colour === "number") return `${code};5;${colour}`;
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return `${code};2;${part(1)};${part(3)};${part(5)}`;
}

/** Between colons, a colour space may stand before red, green and blue. */
function withoutSpace(parts: number[]): number[] {
  return parts[0] === 2 && parts.length > 4 ? [2, ...parts.slice(2)] : parts;
}

function simple(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
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
