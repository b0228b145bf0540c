/** Permissions as octal digits and as ticks. Pure. */

export const WHO = ["owner", "group", "others"] as const;
export const MAY = ["read", "write", "execute"] as const;
export type Who = (typeof WHO)[number];
export type May = (typeof MAY)[number];

const SHIFT: Record<Who, number> = { owner: 6, group: 3, others: 0 };
const BIT: Record<May, number> = { read: 4, write: 2, execute: 1 };

export const isMode = (text: string): boolean => /^0?[0-7]{3}$/.test(text);
export const modeOf = (text: string): number => Number.parseInt(text, 8) & 0o777;
export const octal = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`;

export const has = (mode: number, who: Who, may: May): boolean =>
  (mode & (BIT[may] << SHIFT[who])) !== 0;

export const flipped = (mode: number, who: Who, may: May): number =>
  mode ^ (BIT[may] << SHIFT[who]);

/** "rw-r--r--" */
export function letters(mode: number): string {
  return WHO.map((who) =>
    MAY.map((may) => (has(mode, who, may) ? (may === "execute" ? "x" : (may[0] ?? "")) : "-")).join(
      "",
    ),
  ).join("");
}
