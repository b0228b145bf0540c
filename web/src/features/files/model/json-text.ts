/** JSON as people read it. Pure. */

import { createScanner } from "jsonc-parser";
import { type Fault, faultsOf } from "@/lib/json-faults";

const LONG_LINE = 400; // characters; no person writes such a first line
const DEEPEST_INDENT = 40; // levels; deeper ones would be mostly blanks
const STEP = "  ";
const OPENING = "{[";
const CLOSING = "}]";

export const isJson = (name: string): boolean =>
  /\.(json|jsonc|mcmeta|geojson|webmanifest)$/i.test(name);

/** A program wrote it, for programs. */
export function isCompact(text: string): boolean {
  const end = text.indexOf("\n");
  return (end < 0 ? text.length : end) > LONG_LINE;
}

/** Indented, one value a line. All texts and numbers stay as they are written, to the last digit. */
export function formattedJson(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  let before = "";
  for (const token of tokensOf(text)) {
    const isClosing = CLOSING.includes(token);
    if (isClosing) depth -= 1;
    const isFirst = before !== "" && OPENING.includes(before);
    const isNext = before === "," || before.startsWith("/");
    if (isClosing ? !isFirst : isFirst || isNext) {
      parts.push(`\n${STEP.repeat(Math.min(depth, DEEPEST_INDENT))}`);
    }
    if (OPENING.includes(token)) depth += 1;
    parts.push(token === ":" ? ": " : token);
    before = token;
  }
  return parts.join("");
}

/** Also comments; what is between them is left out. */
function* tokensOf(text: string): Generator<string> {
  const scanner = createScanner(text);
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const start = scanner.getTokenOffset();
    const token = text.slice(start, start + scanner.getTokenLength()).trim();
    if (token) yield token;
  }
}

export interface FaultPlace {
  /** Both from 1. */
  line: number;
  column: number;
  message: string;
}

/** The first thing that is wrong. An empty file is none: many programs fill it later. */
export function faultIn(text: string): FaultPlace | undefined {
  if (text.trim() === "") return undefined;
  const [first] = faultsOf(text);
  return first && placed(text, first);
}

function placed(text: string, { from, message }: Fault): FaultPlace {
  const before = text.slice(0, from);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: from - start + 1, message };
}
