import { Loader } from "@mantine/core";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { Console } from "./controller";
import { Layout } from "./layout";
import { LogLine } from "./log-line";
import classes from "./log-view.module.css";
import { useMeasure } from "./use-measure";

const OVERSCAN_ROWS = 30;
const NEAR_PX = 1200; // from an end of what is held: time to load more

interface Props {
  console: Console;
  hasTimes: boolean;
  wraps: boolean;
  find: string;
}

/** The log's lines; only those in sight are in the page. */
export function LogView({ console, hasTimes, wraps, find }: Props) {
  const view = useStore(console.view);
  const scroller = useRef<HTMLDivElement>(null);
  const size = useMeasure(scroller, hasTimes);
  const columns = wraps ? size.columns : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the lines
  const layout = useMemo(
    () => new Layout(console.log.lines, columns),
    [console, columns, view.version],
  );
  const [scrollTop, setScrollTop] = useState(0);
  const place = useRef({ number: 0, px: 0, top: 0, wish: 0 });
  const row = size.rowPx;

  // Lines that come or go above keep what is read in its place; who follows stays at the end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of what is held
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || element.clientHeight === 0) return;
    const target = view.target;
    if (target && target.wish !== place.current.wish) {
      place.current.wish = target.wish;
      const index = Math.max(0, console.log.find(target.offset));
      element.scrollTop = layout.top(index) * row - element.clientHeight / 3;
    } else if (view.follows) {
      element.scrollTop = element.scrollHeight;
    } else {
      const index = place.current.number - console.log.base;
      element.scrollTop = layout.top(index) * row + place.current.px;
    }
    place.current.top = element.scrollTop;
    setScrollTop(element.scrollTop);
  }, [layout, row, view.follows, view.target, size.height]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element || element.clientHeight === 0) return;
    const top = element.scrollTop;
    const index = layout.at(top / row);
    place.current.number = console.log.base + index;
    place.current.px = top - layout.top(index) * row;
    const fromEnd = element.scrollHeight - top - element.clientHeight;
    const { isAttached, follows } = console.view.get();
    if (top < place.current.top - 2 && fromEnd > row) console.follow(false);
    else if (!follows && isAttached && fromEnd < 4) console.follow(true);
    place.current.top = top;
    if (top < NEAR_PX) void console.loadEarlier();
    if (fromEnd < NEAR_PX && !isAttached) void console.loadLater();
    setScrollTop(top);
  }, [console, layout, row]);

  const first = Math.max(0, layout.at(scrollTop / row - OVERSCAN_ROWS));
  const last = Math.min(
    layout.count,
    layout.at((scrollTop + size.height) / row + OVERSCAN_ROWS) + 1,
  );
  const isAtEnd = last >= layout.count;
  const position = isAtEnd ? { bottom: 0 } : { top: layout.top(first) * row };
  const target = view.target?.isMarked ? console.log.find(view.target.offset) : -1;
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      data-wraps={wraps || undefined}
      onScroll={onScroll}
      role="log"
      aria-live="off"
      aria-label={t.console.label(console.name)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === "Home") void console.toStart();
        else if (event.key === "End") console.jump();
        else return;
        event.preventDefault();
      }}
    >
      <Head console={console} />
      <div className={classes.space} style={{ height: layout.rows * row }}>
        <div className={classes.window} style={position}>
          {console.log.lines.slice(first, last).map((line, i) => (
            <LogLine
              // biome-ignore lint/suspicious/noArrayIndexKey: with the base it is the line's own number
              key={console.log.base + first + i}
              line={line}
              number={console.log.base + first + i}
              hasTime={hasTimes}
              find={find}
              isTarget={first + i === target}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** What stands above the first line. */
function Head({ console }: { console: Console }) {
  const view = useStore(console.view);
  const { log } = console;
  if (view.isLoading === "earlier") return <Loading text={t.console.earlier} />;
  if (view.isCleared) return <p className={classes.edge}>{t.console.cleared}</p>;
  if (log.hasEarlier || log.count === 0) return null;
  return <p className={classes.edge}>{log.start === 0 ? t.console.begin : t.console.pruned}</p>;
}

function Loading({ text }: { text: string }) {
  return (
    <p className={classes.edge}>
      <Loader size={14} /> {text}
    </p>
  );
}
