import { memo, type ReactNode } from "react";
import { clockTime, wholeTime } from "@/lib/format";
import { LONGEST, shown, textOf } from "./ansi";
import classes from "./log-view.module.css";
import type { Line } from "./log-window";
import { type Piece, piecesOf } from "./pieces";
import { PLAIN, type Style } from "./sgr";

interface Props {
  line: Line;
  /** Which line of the log this is, as far as it is held. */
  number: number;
  hasTime: boolean;
  find: string;
  isTarget: boolean;
}

/** One line, as text and nothing else. */
export const LogLine = memo(function LogLine({ line, number, hasTime, find, isTarget }: Props) {
  return (
    <div
      className={classes.line}
      data-kind={line.kind}
      data-line={number}
      data-target={isTarget || undefined}
    >
      {hasTime && (
        <time className={classes.time} title={line.time ? wholeTime(line.time) : undefined}>
          {line.time ? clockTime(line.time) : ""}
        </time>
      )}
      <span className={classes.text}>{contentOf(line, find)}</span>
    </div>
  );
});

function contentOf(line: Line, find: string): ReactNode {
  const look = shown(line.text, line.kind === "output" ? line.before : PLAIN);
  const pieces = piecesOf(look.segments, find);
  if (pieces.length === 0) return "\u200b";
  if (textOf(look).length >= LONGEST) pieces.push({ text: " …", style: PLAIN });
  return pieces.map((piece, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a line's parts never move
    <span key={i} {...looks(piece)}>
      {drawn(piece)}
    </span>
  ));
}

function drawn({ text, href, isFound }: Piece): ReactNode {
  const content = isFound ? <mark>{text}</mark> : text;
  if (!href) return content;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {content}
    </a>
  );
}

function looks({ style }: Piece): {
  className: string | undefined;
  style: React.CSSProperties | undefined;
} {
  const names = [
    style.bold && "b",
    style.dim && "d",
    style.italic && "i",
    style.underline && "u",
    style.strike && "s",
  ]
    .map((name) => (name ? classes[name] : undefined))
    .filter(Boolean);
  const colours = style.inverse
    ? { color: "var(--term-back)", backgroundColor: colour(style.colour ?? "var(--term-text)") }
    : {
        ...(style.colour === undefined ? {} : { color: colour(style.colour) }),
        ...(style.background === undefined ? {} : { backgroundColor: tint(style.background) }),
      };
  return {
    className: names.join(" ") || undefined,
    style: Object.keys(colours).length ? colours : undefined,
  };
}

/** Every colour of text is readable on every tint. */
function tint(value: NonNullable<Style["background"]>): string {
  return `color-mix(in oklab, ${colour(value)} var(--term-tint), var(--term-back))`;
}

function colour(value: NonNullable<Style["colour"]>): string {
  if (typeof value === "number") return `var(--term-${value})`;
  if (!value.startsWith("#")) return value;
  // Colours that were chosen for a dark terminal are readable on a light one, too.
  return `color-mix(in oklab, ${value} var(--term-strength), var(--term-text))`;
}
