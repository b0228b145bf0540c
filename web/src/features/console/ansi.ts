/**
 * What an app prints, made safe to show: colours and styles as data, rewritten parts as they were left
 * (carriage returns, backspaces, moves within the line), everything else dropped. Pure.
 */

import { add, LONGEST, Row, type Segment } from "./row";
import { PLAIN, restyled, type Style, sequenceOf } from "./sgr";

export type { Segment } from "./row";
export { LONGEST } from "./row";

/** A line as it is seen. */
export interface Shown {
  segments: Segment[];
  /** In what style the line after it begins. */
  after: Style;
}

// No alternative can fail late, so that no text takes more than one pass:
// CSI (1: its numbers, 2: its last letter), 3: what begins a string (title, link, ...), its end (4) or not,
// 5: other sequences; controls but the tab, C1, and characters that hide or turn around what stands beside them.
const SEQUENCE =
  /(?:\x1b\[|\x9b)([0-?]*)[ -/]*([@-~]?)|(\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(\x07|\x1b\\|\x9c)?|\x1b([ -/]*[0-~]?)|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const UNUSUAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;
const REWRITES = /[\r\x08]|(?:\x1b\[|\x9b)\d*[CDG]/;
const CODES = /^[\d;:]*$/;
const LONGEST_REST = 64; // characters of an unfinished sequence that are kept
// The drawing characters of old terminals, from "j" on: frames would else be rows of letters.
const DRAWN = "┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│";

/** The text that is seen. */
export function plainText(line: string): string {
  return textOf(shown(line, PLAIN));
}

export function textOf({ segments }: Shown): string {
  return segments.length === 1
    ? (segments[0]?.text ?? "")
    : segments.map((segment) => segment.text).join("");
}

/** What is seen of a line that begins in a style. At most `LONGEST` characters. */
export function shown(line: string, before: Style): Shown {
  if (!UNUSUAL.test(line)) {
    return {
      segments: line ? [{ text: line.slice(0, LONGEST), style: before }] : [],
      after: before,
    };
  }
  const paper = REWRITES.test(line) ? new Row() : new Strip();
  const { style } = print(line, before, paper);
  return { segments: paper.segments, after: style };
}

/** A shorter line that looks the same, also when it goes on. */
export function folded(line: string, before: Style): string {
  if (!UNUSUAL.test(line)) return line.slice(0, LONGEST);
  const row = new Row();
  const { style, rest } = print(line, before, row);
  const looks = row.segments.map((segment) => sequenceOf(segment.style) + segment.text).join("");
  return `${looks}${sequenceOf(style)}\x1b[${row.column + 1}G${rest}`;
}

/** Text that is only added to; quicker than a row. */
class Strip {
  readonly segments: Segment[] = [];
  column = 0;

  write(text: string, style: Style): void {
    const fitting = text.slice(0, LONGEST - this.column);
    this.column += fitting.length;
    add(this.segments, fitting, style);
  }
}

/** Returns the style at the end, and a sequence that isn't finished there. */
function print(line: string, before: Style, paper: Row | Strip): { style: Style; rest: string } {
  let style = before;
  let isDrawing = false;
  let from = 0;
  let rest = "";
  for (const match of line.matchAll(SEQUENCE)) {
    const text = line.slice(from, match.index);
    if (text) paper.write(isDrawing ? drawn(text) : text, style);
    from = match.index + match[0].length;
    const [whole, numbers = "", letter, string, end, other] = match;
    if (letter === "m" && CODES.test(numbers)) style = restyled(style, numbers);
    else if (other?.startsWith("(")) isDrawing = other === "(0";
    else if (paper instanceof Row) move(paper, whole, letter, numbers);
    if (from === line.length) {
      if (string !== undefined && end === undefined) rest = string;
      else if (letter === "" || other === "") rest = whole.slice(0, LONGEST_REST);
    }
  }
  const text = line.slice(from);
  if (text) paper.write(isDrawing ? drawn(text) : text, style);
  return { style, rest };
}

function move(row: Row, whole: string, letter: string | undefined, numbers: string): void {
  const number = /^\d{0,6}$/.test(numbers) ? Number(numbers) : Number.NaN;
  const steps = Math.max(1, number);
  if (whole === "\r") row.move(0);
  else if (whole === "\x08") row.move(row.column - 1);
  else if (Number.isNaN(number)) return;
  else if (letter === "C") row.move(row.column + steps);
  else if (letter === "D") row.move(row.column - steps);
  else if (letter === "G") row.move(steps - 1);
  else if (letter === "K") row.erase(number);
}

function drawn(text: string): string {
  return text.replace(/[j-x]/g, (letter) => DRAWN[letter.charCodeAt(0) - 106] ?? letter);
}
