// biome-ignore-all lint/a11y/useSemanticElements: a table can't be drawn in parts; this is a grid
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and says which row is active

import { IconDotsVertical } from "@tabler/icons-react";
import { memo } from "react";
import { bytes, wholeTime } from "@/lib/format";
import { t } from "@/lib/messages";
import type { FileEntry, TreeUsage } from "@/lib/wire.gen";
import { when } from "../format";
import { type Kind, kindOf } from "../model/kinds";
import { letters, modeOf } from "../model/modes";
import type { Column } from "../model/sort";
import { FileIcon } from "./file-icon";
import classes from "./file-list.module.css";
import { RenameField } from "./rename-field";

export interface RowProps {
  entry: FileEntry;
  path: string;
  index: number;
  top: number;
  href: string;
  columns: readonly Column[];
  usage: TreeUsage | "measuring" | undefined;
  now: number;
  isSelected: boolean;
  isCursor: boolean;
  isCut: boolean;
  isOver: boolean;
  canDrag: boolean;
  /** Where its name is being changed. */
  rename: ((name: string) => void) | undefined;
  faultOf: (name: string) => string | undefined;
}

/** One entry; its events are taken by the list. */
export const FileRow = memo(function FileRow(props: RowProps) {
  const { entry, index, isSelected, canDrag } = props;
  const kind = kindOf(entry);
  return (
    <div
      role="row"
      id={`file-${index}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={classes.row}
      style={{ transform: `translateY(${props.top}px)` }}
      data-index={index}
      data-name={entry.name}
      data-cursor={props.isCursor || undefined}
      data-cut={props.isCut || undefined}
      data-over={props.isOver || undefined}
      data-drop={kind === "folder" ? props.path : undefined}
      draggable={canDrag && isSelected && !props.rename}
    >
      <div role="gridcell" className={classes.check} data-check="">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isSelected}
          readOnly
          aria-label={t.files.select(entry.name)}
        />
      </div>
      <NameCell {...props} kind={kind} />
      {props.columns.map((column) => (
        <div key={column} role="gridcell" className={classes.cell} data-column={column}>
          <Cell {...props} column={column} kind={kind} />
        </div>
      ))}
      <div role="gridcell" className={classes.more}>
        <button
          type="button"
          tabIndex={-1}
          data-more=""
          aria-label={t.files.moreFor(entry.name)}
          className={classes.moreButton}
        >
          <IconDotsVertical size={18} />
        </button>
      </div>
    </div>
  );
});

function NameCell(props: RowProps & { kind: Kind }) {
  const { entry, kind, usage, now } = props;
  const size = sizeText(entry, usage);
  return (
    <div role="gridcell" className={classes.name}>
      <FileIcon kind={kind} />
      {props.rename ? (
        <RenameField name={entry.name} faultOf={props.faultOf} onDone={props.rename} />
      ) : (
        <span className={classes.label}>
          <a
            href={props.href}
            tabIndex={-1}
            title={entry.linkTarget ? t.files.linkTo(entry.linkTarget) : entry.name}
            data-open=""
            draggable={props.canDrag}
          >
            {entry.name}
          </a>
          <small className={`${classes.second} number`}>
            {size && `${size} · `}
            {when(entry.lastModified * 1000, now)}
          </small>
        </span>
      )}
    </div>
  );
}

function sizeText(entry: FileEntry, usage: TreeUsage | "measuring" | undefined): string {
  if (!entry.folder) return bytes(entry.size);
  if (usage === "measuring") return "…";
  return usage ? `${usage.cut ? "> " : ""}${bytes(usage.size)}` : "";
}

function Cell(props: RowProps & { column: Column; kind: Kind }) {
  const { entry, column, usage, kind } = props;
  switch (column) {
    case "size": {
      const text = sizeText(entry, usage);
      if (text || kind !== "folder") return text;
      return (
        <button type="button" tabIndex={-1} data-measure="" className={classes.measure}>
          {t.files.measureShort}
        </button>
      );
    }
    case "modified":
      return (
        <span title={wholeTime(entry.lastModified * 1000)}>
          {when(entry.lastModified * 1000, props.now)}
        </span>
      );
    case "kind":
      return t.files.kinds[kind];
    case "mode":
      return (
        <span className="mono" title={entry.mode}>
          {entry.mode ? letters(modeOf(entry.mode)) : ""}
        </span>
      );
    case "owner":
      return entry.owner ? `${entry.owner}:${entry.group ?? ""}` : "";
    default:
      return null;
  }
}
