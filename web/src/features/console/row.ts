/** One row of a terminal: what is written over is gone. Pure. */

import { PLAIN, type Style } from "./sgr";

export interface Segment {
  text: string;
  style: Style;
}

export const LONGEST = 20_000; // characters of one line that are shown
const MOST_SEGMENTS = 1000; // of one line; what has more styles is drawn in the last one
const WIDEST = 400; // columns to which a sequence alone can move
const MOST_MARKS = 8; // code units in one place: a letter with its accents, a joined emoji
const ZERO_WIDTH = /^(?:\p{M}|\u200c|\u200d|\ufe0e|\ufe0f)$/u;

export class Row {
  #characters: string[] = [];
  #styles: Style[] = [];
  column = 0;

  write(text: string, style: Style): void {
    for (const character of text) {
      if (character > "\u02ff" && ZERO_WIDTH.test(character) && this.column > 0) {
        this.#mark(character);
      } else {
        this.#put(character, style);
      }
    }
  }

  #put(character: string, style: Style): void {
    if (this.column < LONGEST) {
      this.#fill();
      this.#characters[this.column] = character;
      this.#styles[this.column] = style;
      this.column += 1;
    }
  }

  #mark(character: string): void {
    const before = this.#characters[this.column - 1] ?? " ";
    if (before.length + character.length <= MOST_MARKS)
      this.#characters[this.column - 1] = before + character;
  }

  /** Columns that were jumped over are blank. */
  #fill(): void {
    while (this.#characters.length < this.column) {
      this.#characters.push(" ");
      this.#styles.push(PLAIN);
    }
  }

  /** To a column; not far behind what is written. */
  move(column: number): void {
    const most = Math.max(this.#characters.length, WIDEST);
    this.column = Math.max(0, Math.min(column, most, LONGEST));
  }

  /** 0: what is right of the cursor; 1: what is left of it; 2: all. */
  erase(part: number): void {
    if (part === 2 || part === 0) {
      const from = part === 2 ? 0 : this.column;
      this.#characters.length = Math.min(this.#characters.length, from);
      this.#styles.length = this.#characters.length;
    } else {
      const end = Math.min(this.column + 1, this.#characters.length);
      this.#characters.fill(" ", 0, end);
      this.#styles.fill(PLAIN, 0, end);
    }
  }

  get segments(): Segment[] {
    const segments: Segment[] = [];
    let from = 0;
    for (let i = 1; i <= this.#styles.length; i += 1) {
      if (i < this.#styles.length && this.#styles[i] === this.#styles[from]) continue;
      const text = this.#characters.slice(from, i).join("");
      add(segments, text, this.#styles[from] ?? PLAIN);
      from = i;
    }
    return segments;
  }
}

/** Go on with a text in a style; few styles, however many were asked for. */
export function add(segments: Segment[], text: string, style: Style): void {
  if (!text) return;
  const last = segments.at(-1);
  if (last && (last.style === style || segments.length >= MOST_SEGMENTS)) last.text += text;
  else segments.push({ text, style });
}
