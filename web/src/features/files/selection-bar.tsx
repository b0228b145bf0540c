import { CloseButton } from "@mantine/core";
import {
  IconArrowRight,
  IconCopy,
  IconDownload,
  IconFileZip,
  IconTrash,
} from "@tabler/icons-react";
import { DotsMenu } from "@/components/dots-menu";
import { Tool } from "@/components/tool";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import { downloadEntries } from "./actions";
import { EntryItems } from "./context-menu";
import type { Files } from "./files";
import { NOTHING } from "./model/selection";
import classes from "./toolbar.module.css";
import type { Listing } from "./use-listing";

/** What can be done to all that is selected; it stands over the toolbar, so that nothing moves. */
export function SelectionBar({ files, listing }: { files: Files; listing: Listing }) {
  const { names } = useStore(files.selection);
  const entries = listing.entries.filter((entry) => names.has(entry.name));
  const size = entries.reduce((sum, entry) => sum + (entry.folder ? 0 : entry.size), 0);
  const paths = entries.map((entry) => files.path(entry.name));
  const transfer = (operation: "mv" | "cp") =>
    files.dialog.set({ kind: "transfer", operation, paths });
  return (
    <section className={classes.selection} aria-label={t.files.selected(names.size)}>
      <CloseButton
        size="lg"
        aria-label={t.files.clear}
        onClick={() => files.selection.set(NOTHING)}
      />
      <span className={`${classes.selected} number`} role="status">
        {t.files.selected(names.size)}
        {size > 0 && <small>{bytes(size)}</small>}
      </span>
      <span className={classes.grow} />
      <Tool label={t.files.download} onClick={() => void downloadEntries(files, entries)}>
        <IconDownload size={18} />
      </Tool>
      <Tool label={t.files.move} onClick={() => transfer("mv")}>
        <IconArrowRight size={18} />
      </Tool>
      <span className={classes.wide}>
        <Tool label={t.files.copyTo} onClick={() => transfer("cp")}>
          <IconCopy size={18} />
        </Tool>
        <Tool
          label={t.files.pack}
          onClick={() => files.dialog.set({ kind: "pack", names: [...names] })}
        >
          <IconFileZip size={18} />
        </Tool>
      </span>
      <Tool
        label={t.files.delete}
        isBad
        onClick={() => files.dialog.set({ kind: "delete", entries })}
      >
        <IconTrash size={18} />
      </Tool>
      <DotsMenu label={t.files.more} width={240} isDim>
        <EntryItems files={files} entries={entries} open={undefined} />
      </DotsMenu>
    </section>
  );
}
