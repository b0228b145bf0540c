import { memo, type ReactNode } from "react";
import { clockTime, wholeTime } from "@/lib/format";
import { parse, type Segment, type Style } from "./ansi";
import classes from "./log-view.module.css";
import type { Line } from "./log-window";

const LINK = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/g;
const LONGEST = 20_000; // characters of one line that are drawn

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
  const segments = parse(
    line.text.length > LONGEST ? `${line.text.slice(0, LONGEST)} …` : line.text,
  );
  if (segments.length === 0) return "\u200b";
  return segments.map((segment, i) => {
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a line's parts never move
      <span key={i} {...looks(segment)}>
        {marked(segment.text, find)}
      </span>
    );
  });
}

function looks({ style }: Segment): {
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
  const [front, back] = style.inverse
    ? [style.background ?? "var(--term-back)", style.colour ?? "var(--term-text)"]
    : [style.colour, style.background];
  const colours: React.CSSProperties = {
    ...(front === undefined ? {} : { color: colour(front) }),
    ...(back === undefined ? {} : { backgroundColor: colour(back) }),
  };
  return {
    className: names.join(" ") || undefined,
    style: Object.keys(colours).length ? colours : undefined,
  };
}

function colour(value: NonNullable<Style["colour"]>): string {
  if (typeof value === "number") return `var(--term-${value})`;
  if (!value.startsWith("#")) return value;
  // Colours that were chosen for a dark terminal are readable on a light one, too.
  return `color-mix(in oklab, ${value} var(--term-strength), var(--term-text))`;
}

/** The text with its links, and with what is searched for marked. */
function marked(text: string, find: string): ReactNode {
  if (!text.includes("://")) return found(text, find);
  const parts: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(found(text.slice(from, match.index), find));
    parts.push(
      <a key={match.index} href={match[0]} target="_blank" rel="noopener noreferrer">
        {match[0]}
      </a>,
    );
    from = match.index + match[0].length;
  }
  parts.push(found(text.slice(from), find));
  return parts;
}

function found(text: string, find: string): ReactNode {
  if (!find || !text) return text;
  const parts: ReactNode[] = [];
  const lower = text.toLowerCase();
  const wanted = find.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return parts.length ? [...parts, text.slice(from)] : text;
}
