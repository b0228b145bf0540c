// biome-ignore-all lint/a11y/useSemanticElements: what scrolls has a name, and is no form
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard

import {
  IconCheck,
  IconFileAlert,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconX,
} from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useMemo, useRef } from "react";
import { Tool } from "@/components/tool";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { type Item, isActive, isOpen, type UploadState } from "./queue";
import classes from "./queue-panel.module.css";
import { uploader } from "./uploader";

const ROW_PX = 52;
const RANK: Record<UploadState, number> = {
  sending: 0,
  failed: 1,
  lost: 2,
  paused: 3,
  waiting: 4,
  done: 5,
};

/** The files, those first that something happens to. */
export function UploadList({ items }: { items: readonly Item[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const ordered = useMemo(() => [...items].sort((a, b) => RANK[a.state] - RANK[b.state]), [items]);
  const rows = useVirtualizer({
    count: ordered.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  return (
    <div
      ref={scroller}
      className={classes.list}
      tabIndex={0}
      role="group"
      aria-label={t.files.queue.title}
    >
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = ordered[index];
          return item && <Row key={item.id} item={item} top={start} />;
        })}
      </ul>
    </div>
  );
}

const Row = memo(function Row({ item, top }: { item: Item; top: number }) {
  const ids = new Set([item.id]);
  const part = item.size > 0 ? item.sent / item.size : 0;
  return (
    <li
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      data-state={item.state}
      data-upload={item.label}
    >
      <div className={classes.texts}>
        <span className={classes.name} title={`${item.folder} · ${item.label}`}>
          {item.label}
        </span>
        <span className={`${classes.note} number`} title={item.error}>
          {note(item)}
        </span>
      </div>
      {item.state === "done" && <IconCheck size={18} className={classes.done} aria-hidden="true" />}
      {item.state === "lost" && <IconFileAlert size={18} aria-hidden="true" />}
      {isActive(item) && (
        <Tool label={t.files.queue.pause} onClick={() => uploader.pause(ids)}>
          <IconPlayerPause size={16} />
        </Tool>
      )}
      {item.state === "paused" && (
        <Tool label={t.files.queue.resume} onClick={() => uploader.resume(ids)}>
          <IconPlayerPlay size={16} />
        </Tool>
      )}
      {item.state === "failed" && (
        <Tool label={t.files.queue.retry} onClick={() => uploader.resume(ids)}>
          <IconRefresh size={16} />
        </Tool>
      )}
      {isOpen(item) && (
        <Tool label={t.files.queue.cancel} onClick={() => uploader.cancel(ids)}>
          <IconX size={16} />
        </Tool>
      )}
      {isOpen(item) && item.state !== "waiting" && (
        <span className={classes.bar} style={{ transform: `scaleX(${part})` }} />
      )}
    </li>
  );
});

function note(item: Item): string {
  if (item.state === "failed") {
    return item.isOffline ? t.files.queue.offline : item.error || t.errors.title;
  }
  const size = bytes(item.size);
  if (item.state === "done" || item.state === "waiting") {
    return `${size} · ${t.files.queue.state[item.state]}`;
  }
  const amount = t.files.queue.ofTotal(bytes(item.sent), size);
  const state = t.files.queue.state[item.state];
  return state ? `${amount} · ${state}` : amount;
}
