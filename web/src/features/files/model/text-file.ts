/** A text file's bytes as an editor holds them, and back again without changing what wasn't edited. Pure. */

export interface TextFile {
  text: string;
  /** "\r\n" when all lines end so, else "\n"; a mixture keeps its "\r" within the lines. */
  lineEnd: "\n" | "\r\n";
  hasMark: boolean;
  encoding: "utf-8" | "latin-1";
}

const MARK = "\uFEFF";
const LOOKED_AT = 256 * 1024;

/** The bytes as text; `undefined` when they are none (a NUL byte in their beginning). */
export function decoded(bytes: Uint8Array): TextFile | undefined {
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return undefined;
  let encoding: TextFile["encoding"] = "utf-8";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    encoding = "latin-1";
    text = new TextDecoder("windows-1252").decode(bytes);
  }
  const hasMark = text.startsWith(MARK);
  if (hasMark) text = text.slice(1);
  return { text, lineEnd: lineEndOf(text), hasMark, encoding };
}

function lineEndOf(text: string): TextFile["lineEnd"] {
  const hasWindows = text.includes("\r\n");
  return hasWindows && !/(^|[^\r])\n|\r(?!\n)/.test(text) ? "\r\n" : "\n";
}

/** What is written to the disk for a text whose lines end as `lineEnd` says. */
export function encoded(text: string, file: Pick<TextFile, "hasMark">): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(file.hasMark ? MARK + text : text);
}
