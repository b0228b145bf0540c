/** Places in the config's text, and which key stands where. Pure. */

import { getLocation } from "jsonc-parser";

/** Both from 1; the column in characters, as the daemon counts them. */
export interface Place {
  line: number;
  column: number;
}

/** The place that the daemon names in a sentence. */
export function placeIn(sentence: string): Place | null {
  const found = /line (\d+), column (\d+)/.exec(sentence);
  return found ? { line: Number(found[1]), column: Number(found[2]) } : null;
}

/** The offset of a place, or of what is nearest to it. */
export function offsetOf(text: string, { line, column }: Place): number {
  const lines = text.split("\n");
  const at = Math.min(Math.max(line, 1), lines.length) - 1;
  const before = lines.slice(0, at).reduce((sum, each) => sum + each.length + 1, 0);
  return before + [...(lines[at] ?? "")].slice(0, column - 1).join("").length;
}

/** The place of an offset. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}

/** The key at a position as docs/config.md writes it: names of apps are NAME. */
export function keyAt(
  text: string,
  position: number,
): { key: string; parent: string; from: number; to: number } | null {
  const { path, previousNode, isAtPropertyKey } = getLocation(text, position);
  const steps = path
    .map(String)
    .map((step, i) => (i === 1 && path[0] === "servers" ? "NAME" : step));
  const parent = steps.slice(0, -1).join(".");
  if (!isAtPropertyKey) return null;
  const from = previousNode?.offset ?? position;
  return { key: steps.join("."), parent, from, to: from + (previousNode?.length ?? 0) };
}
