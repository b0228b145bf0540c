/** A line cut into what is drawn: by its styles, its links, and what is searched for. Pure. */

import type { Segment } from "./row";

export interface Piece extends Segment {
  href?: string;
  isFound?: boolean;
}

interface Range {
  from: number;
  to: number;
}

const LINK = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;
const MOST_LINKS = 100; // of one line
const MOST_FOUND = 500; // places that are marked in one line

/** Links and marks may begin and end anywhere, whatever the styles. */
export function piecesOf(segments: readonly Segment[], find: string): Piece[] {
  const text = segments.map((segment) => segment.text).join("");
  const links = text.includes("://") ? linksIn(text) : [];
  const found = find ? placesOf(text, find) : [];
  if (links.length === 0 && found.length === 0) return [...segments];
  const edges = [...links, ...found].flatMap(({ from, to }) => [from, to]);
  const cuts = [...new Set(edges)].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let at = 0;
  let cut = 0;
  for (const { text: part, style } of segments) {
    const end = at + part.length;
    while (at < end) {
      while (cut < cuts.length && (cuts[cut] ?? 0) <= at) cut += 1;
      const to = Math.min(end, cuts[cut] ?? end);
      const link = holding(links, at);
      pieces.push({
        text: part.slice(part.length - (end - at), part.length - (end - to)),
        style,
        ...(link ? { href: text.slice(link.from, link.to) } : {}),
        ...(holding(found, at) ? { isFound: true } : {}),
      });
      at = to;
    }
  }
  return pieces;
}

function linksIn(text: string): Range[] {
  const ranges: Range[] = [];
  for (const match of text.matchAll(LINK)) {
    ranges.push({ from: match.index, to: match.index + match[0].length });
    if (ranges.length === MOST_LINKS) break;
  }
  return ranges;
}

/** As the daemon searches: the case of ASCII letters is nothing. */
function placesOf(text: string, find: string): Range[] {
  const lower = asciiLower(text);
  const wanted = asciiLower(find);
  const ranges: Range[] = [];
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) {
    ranges.push({ from: at, to: at + wanted.length });
    if (ranges.length === MOST_FOUND) break;
  }
  return ranges;
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Ranges are in order and don't overlap. */
function holding(ranges: readonly Range[], at: number): Range | undefined {
  return ranges.find((range) => range.to > at && range.from <= at);
}
