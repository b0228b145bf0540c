// biome-ignore-all lint/a11y/useSemanticElements: a table can't be drawn in parts; this is a grid
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and says which row is active

import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { Files } from "../files";
import { all, NOTHING } from "../model/selection";
import { type Column, nextOrder } from "../model/sort";
import { setSettings, settings } from "../settings";
import type { Listing } from "../use-listing";
import classes from "./file-list.module.css";

interface HeadProps {
  files: Files;
  listing: Listing;
  columns: readonly Column[];
}

/** The columns' names: click to sort. */
export function ListHead({ files, listing, columns }: HeadProps) {
  const selected = useStore(files.selection, ({ names }) => names.size);
  const isAll = selected > 0 && selected === listing.names.length;
  return (
    <div role="row" aria-rowindex={1} className={classes.head}>
      <div role="columnheader" className={classes.check}>
        <input
          type="checkbox"
          aria-label={t.files.selectAll}
          checked={isAll}
          ref={(box) => {
            if (box) box.indeterminate = selected > 0 && !isAll;
          }}
          onChange={() =>
            files.selection.set(isAll ? NOTHING : all(listing.names, files.selection.get()))
          }
        />
      </div>
      {(["name", ...columns] as Column[]).map((column) => (
        <Head key={column} column={column} />
      ))}
      <div role="columnheader" aria-label={t.files.more} />
    </div>
  );
}

function Head({ column }: { column: Column }) {
  const order = useStore(settings, (view) => view.order);
  const isSorted = order.column === column;
  const Arrow = order.isDown ? IconArrowDown : IconArrowUp;
  const direction = order.isDown ? "descending" : "ascending";
  return (
    <div
      role="columnheader"
      aria-sort={isSorted ? direction : "none"}
      className={column === "name" ? classes.headName : classes.headCell}
      data-column={column}
    >
      <button
        type="button"
        className={classes.sort}
        title={t.files.sortBy(t.files[column])}
        onClick={() => setSettings({ order: nextOrder(order, column) })}
      >
        {t.files[column]}
        {isSorted && <Arrow size={14} aria-hidden="true" />}
      </button>
    </div>
  );
}
