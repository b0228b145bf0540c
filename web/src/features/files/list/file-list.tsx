// biome-ignore-all lint/a11y/useSemanticElements: a table can't be drawn in parts; this is a grid
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and says which row is active
// biome-ignore-all lint/a11y/useAriaPropsSupportedByRole: its role is a grid's when there are rows
// biome-ignore-all lint/a11y/noStaticElementInteractions: the same
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: the same

import { useElementSize, useMediaQuery, useMergedRef } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { useNow } from "@/components/now";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { FileEntry } from "@/lib/wire.gen";
import { folderName, rename } from "../actions";
import { clipboard, type Files } from "../files";
import { faultOf, join } from "../model/paths";
import { type Column, isFolder } from "../model/sort";
import { settings } from "../settings";
import type { Listing } from "../use-listing";
import { hrefOf } from "../use-place";
import classes from "./file-list.module.css";
import { FileRow } from "./file-row";
import { focusList } from "./focus";
import { ListHead } from "./list-head";
import { useBox } from "./use-box";
import { useKeys } from "./use-keys";
import { usePointer } from "./use-pointer";

interface Props {
  files: Files;
  folder: string;
  listing: Listing;
  /** The folder that something is dragged over. */
  over: string;
  open: (entry: FileEntry) => void;
  up: () => void;
  /** What stands in place of the rows when there are none. */
  children: ReactNode;
}

const HEAD_PX = 38;
const WIDTHS: Record<Column, number> = {
  name: 0,
  size: 104,
  modified: 142,
  kind: 96,
  mode: 112,
  owner: 150,
};
const LEAST_PX = 44 + 220 + 44; // the box, a name that can be read, the menu
const MINUTE_MS = 60_000;

/** A folder's entries; only those in sight are drawn, so that there may be any number. */
export function FileList({ files, folder, listing, over, open, up, children }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const isPhone = useMediaQuery("(max-width: 47.99em)", undefined, {
    getInitialValueInEffect: false,
  });
  const canDrag = useMediaQuery("(pointer: fine)", true, { getInitialValueInEffect: false });
  const { ref: sized, width } = useElementSize();
  const frame = useMergedRef(scroller, sized);
  const wanted = useStore(settings, (view) => view.columns);
  const columns = useMemo(() => fitting(wanted, width), [wanted, width]);
  const hasRows = listing.entries.length > 0;
  const rowHeight = isPhone ? 60 : 40;
  const headHeight = isPhone ? 0 : HEAD_PX;
  const rows = useVirtualizer({
    count: listing.entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the new height all is measured anew
  useEffect(() => rows.measure(), [rowHeight]);
  const selection = useStore(files.selection);
  const cursor = selection.cursor ? listing.names.indexOf(selection.cursor) : -1;
  useEffect(() => {
    if (cursor >= 0) rows.scrollToIndex(cursor, { align: "auto" });
  }, [cursor, rows]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each folder begins at its top
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [folder]);
  const pointer = usePointer(files, listing, open);
  const { box, onPointerDown } = useBox(scroller, files, listing, rowHeight, headHeight);
  const onKeyDown = useKeys({
    files,
    listing,
    open,
    up,
    rowsInSight: () => Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2,
  });
  const template = `44px minmax(0, 1fr) ${columns.map((column) => `${WIDTHS[column]}px`).join(" ")} 44px`;
  const { clickFocus } = useFocus(scroller);
  return (
    <div
      ref={frame}
      aria-label={t.files.list(folderName(folder))}
      {...(hasRows
        ? {
            role: "grid",
            "aria-multiselectable": true,
            "aria-rowcount": listing.entries.length + 1,
          }
        : { role: "group" })}
      aria-activedescendant={cursor >= 0 ? `file-${cursor}` : undefined}
      tabIndex={0}
      className={classes.scroller}
      style={{ "--columns": isPhone ? "44px minmax(0, 1fr) 48px" : template } as CSSProperties}
      data-files=""
      data-over={over === folder || undefined}
      data-selecting={selection.names.size > 0 || undefined}
      onKeyDown={onKeyDown}
      {...pointer}
      onPointerDown={(event) => {
        pointer.onPointerDown(event);
        onPointerDown(event);
      }}
      onClick={(event) => {
        clickFocus(event);
        pointer.onClick(event);
      }}
    >
      {!isPhone && hasRows && <ListHead files={files} listing={listing} columns={columns} />}
      <div
        className={classes.rows}
        style={{ height: hasRows ? rows.getTotalSize() : 0 }}
        role={hasRows ? "rowgroup" : undefined}
      >
        <Rows
          files={files}
          folder={folder}
          listing={listing}
          over={over}
          canDrag={canDrag ?? true}
          columns={isPhone ? NO_COLUMNS : columns}
          items={rows.getVirtualItems().map(({ index, start }) => [index, start - headHeight])}
          cursor={cursor}
        />
      </div>
      {children}
      {box && <div className={classes.box} style={box} data-box="" />}
    </div>
  );
}

/** The columns that leave room for the names; those behind are left out first. */
function fitting(columns: readonly Column[], width: number): readonly Column[] {
  let left = width - LEAST_PX;
  return columns.filter((column) => {
    left -= WIDTHS[column];
    return width === 0 || left >= 0;
  });
}

const NO_COLUMNS: readonly Column[] = [];

/** A click on a row leaves the keyboard in the list. */
function useFocus(scroller: React.RefObject<HTMLDivElement | null>) {
  const clickFocus = useCallback(
    (event: React.MouseEvent) => {
      const isField = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
      if (!isField) scroller.current?.focus({ preventScroll: true });
    },
    [scroller],
  );
  return { clickFocus };
}

interface RowsProps extends Pick<Props, "files" | "folder" | "listing" | "over"> {
  columns: readonly Column[];
  canDrag: boolean;
  cursor: number;
  items: readonly (readonly [index: number, top: number])[];
}

function Rows({ files, folder, listing, over, columns, canDrag, cursor, items }: RowsProps) {
  const { names } = useStore(files.selection);
  const renaming = useStore(files.renaming);
  const usage = useStore(files.usage);
  const cut = useStore(clipboard, (held) => (held?.operation === "mv" ? held.paths : undefined));
  const now = useNow(MINUTE_MS);
  const { taken } = listing;
  const fault = useCallback(
    (name: string) => {
      const found = faultOf(name, taken);
      return found && t.files.name_[found];
    },
    [taken],
  );
  const onRename = useCallback(
    (after: string) => {
      const before = files.renaming.get();
      files.renaming.set("");
      focusList();
      if (after !== before) void rename(files, before, after);
    },
    [files],
  );
  return items.map(([index, top]) => {
    const entry = listing.entries[index];
    if (!entry) return null;
    const path = join(folder, entry.name);
    return (
      <FileRow
        key={entry.name}
        entry={entry}
        path={path}
        index={index}
        top={top}
        href={hrefOf(files.app, entry.folder ? { path } : { file: path })}
        columns={columns}
        usage={usage.get(path)}
        now={now}
        isSelected={names.has(entry.name)}
        isCursor={index === cursor}
        isCut={cut?.includes(path) ?? false}
        isOver={isFolder(entry) && over === path}
        canDrag={canDrag}
        rename={renaming === entry.name ? onRename : undefined}
        faultOf={fault}
      />
    );
  });
}
