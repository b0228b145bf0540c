/** The difference of two texts, line by line. Pure. */

export interface DiffLine {
  kind: "same" | "added" | "removed" | "skipped";
  text: string;
  /** In the new text, or in the old one for what was removed; counted from 1. */
  number: number;
}

const CONTEXT = 3;

/** The lines that differ with a few around them; [] when nothing does. */
export function diff(before: string, after: string): DiffLine[] {
  const all = compared(before.split("\n"), after.split("\n"));
  const isNear = (i: number) =>
    all.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some((line) => line.kind !== "same");
  const shown: DiffLine[] = [];
  for (const [i, line] of all.entries()) {
    if (isNear(i)) shown.push(line);
    else if (shown.length > 0 && shown.at(-1)?.kind !== "skipped") {
      shown.push({ kind: "skipped", text: "", number: line.number });
    }
  }
  if (shown.at(-1)?.kind === "skipped") shown.pop();
  return shown;
}

function compared(a: string[], b: string[]): DiffLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail))
    tail += 1;
  const same = (text: string, i: number): DiffLine => ({ kind: "same", text, number: i + 1 });
  return [
    ...b.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head),
    ...b.slice(b.length - tail).map((text, i) => same(text, b.length - tail + i)),
  ];
}

const MOST_CELLS = 4_000_000; // of the table; above it the parts count as wholly different

/** The longest common subsequence of what differs. */
function middle(a: string[], b: string[], offset: number): DiffLine[] {
  const width = b.length + 1;
  const isSmall = (a.length + 1) * width <= MOST_CELLS;
  const table = new Uint32Array(isSmall ? (a.length + 1) * width : 0);
  const at = (i: number, j: number) => table[i * width + j] ?? 0;
  if (isSmall) {
    for (let i = a.length - 1; i >= 0; i -= 1) {
      for (let j = b.length - 1; j >= 0; j -= 1) {
        table[i * width + j] =
          a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
      }
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: b[j] ?? "", number: offset + j + 1 });
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: "removed", text: a[i] ?? "", number: offset + i + 1 });
      i += 1;
    } else {
      lines.push({ kind: "added", text: b[j] ?? "", number: offset + j + 1 });
      j += 1;
    }
  }
  return lines;
}
