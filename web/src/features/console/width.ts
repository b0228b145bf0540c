/** How many columns of a row a text takes. Pure. */

const ASCII = /^[\x20-\x7e]*$/;
const ZERO = /^[\p{M}\p{Default_Ignorable_Code_Point}]$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
const TAB = 8; // columns

/** Columns that a text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (character === "\t") columns += TAB - (columns % TAB);
    else if (character < "\u0300") columns += 1;
    else if (!ZERO.test(character)) columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}
