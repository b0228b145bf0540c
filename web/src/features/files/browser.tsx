import { Button, Skeleton } from "@mantine/core";
import { IconEyeOff, IconFilterOff, IconFolderOff, IconFolderOpen } from "@tabler/icons-react";
import { type ClipboardEvent, useCallback } from "react";
import { Empty } from "@/components/empty";
import { sentence } from "@/components/notify";
import { ApiError } from "@/lib/http";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { FileEntry } from "@/lib/wire.gen";
import { folderName, upload } from "./actions";
import { listFolder } from "./api";
import { ContextMenu } from "./context-menu";
import type { Files } from "./files";
import classes from "./files-tab.module.css";
import { FileList } from "./list/file-list";
import { useDrop } from "./list/use-drop";
import { join, nameOf, parentOf, ROOT } from "./model/paths";
import { isLink } from "./model/sort";
import { setSettings } from "./settings";
import { Toolbar } from "./toolbar";
import { fromList } from "./uploads/collect";
import { type Listing, useListing } from "./use-listing";

interface Props {
  files: Files;
  folder: string;
  isShown: boolean;
  onOpen: (path: string) => void;
  onEnter: (path: string) => void;
}

/** A folder with all that can be done in it. */
export function Browser({ files, folder, isShown, onOpen, onEnter }: Props) {
  const listing = useListing(files, folder);
  const { over, handlers } = useDrop(files, listing, folder);
  const open = useCallback(
    (entry: FileEntry) => {
      const path = join(folder, entry.name);
      if (isLink(entry)) void whatItLeadsTo(files.app, path, onEnter, onOpen);
      else if (entry.folder) onEnter(path);
      else onOpen(path);
    },
    [files, folder, onOpen, onEnter],
  );
  const up = useCallback(() => {
    if (folder === ROOT) return;
    files.wanted = [nameOf(folder)];
    onEnter(parentOf(folder));
  }, [files, folder, onEnter]);
  const onPaste = (event: ClipboardEvent) => {
    const list = [...event.clipboardData.files];
    if (list.length > 0) void upload(files, fromList(list), folder);
  };
  return (
    <div className={classes.browser} {...handlers} onPaste={onPaste}>
      <Toolbar files={files} folder={folder} listing={listing} over={over} onEnter={onEnter} />
      <FileList files={files} folder={folder} listing={listing} over={over} open={open} up={up}>
        <State files={files} listing={listing} onEnter={onEnter} />
      </FileList>
      {over && <div className={classes.dropHint}>{t.files.dropHere(folderName(over))}</div>}
      {isShown && <ContextMenu files={files} listing={listing} open={open} />}
    </div>
  );
}

async function whatItLeadsTo(
  app: string,
  path: string,
  enter: (path: string) => void,
  open: (path: string) => void,
): Promise<void> {
  try {
    await listFolder(app, path);
    enter(path);
  } catch {
    open(path);
  }
}

/** What is there when there are no rows. */
function State({
  files,
  listing,
  onEnter,
}: Pick<Props, "files" | "onEnter"> & { listing: Listing }) {
  const filter = useStore(files.filter);
  const { query, entries, hidden } = listing;
  if (query.isPending) return <Waiting />;
  if (listing.isGone) return <Gone files={files} onEnter={onEnter} />;
  if (query.isError && !query.data) {
    const canLeave = query.error instanceof ApiError && query.error.status < 500;
    return (
      <Empty
        icon={<IconFolderOff size={28} />}
        tone="bad"
        title={t.files.broken}
        text={sentence(query.error)}
      >
        <Button onClick={() => void query.refetch()}>{t.actions.retry}</Button>
        {canLeave && (
          <Button variant="default" onClick={() => onEnter(ROOT)}>
            {t.files.toRoot}
          </Button>
        )}
      </Empty>
    );
  }
  if (entries.length > 0) return null;
  if (filter) {
    return (
      <Empty icon={<IconFilterOff size={28} />} title={t.files.noMatch} text={t.files.noMatchText}>
        <Button onClick={() => files.isSearching.set(true)}>{t.files.search.below}</Button>
      </Empty>
    );
  }
  if (hidden > 0) {
    return (
      <Empty
        icon={<IconEyeOff size={28} />}
        title={t.files.onlyHidden}
        text={t.files.onlyHiddenText}
      >
        <Button onClick={() => setSettings({ showsHidden: true })}>{t.files.showHidden}</Button>
      </Empty>
    );
  }
  return (
    <Empty icon={<IconFolderOpen size={28} />} title={t.files.empty} text={t.files.emptyText} />
  );
}

/** Nothing is left to wait for: somebody has deleted or renamed it, or a folder above it. */
function Gone({ files, onEnter }: Pick<Props, "files" | "onEnter">) {
  const folder = useStore(files.folder);
  return (
    <Empty
      icon={<IconFolderOff size={28} />}
      tone="bad"
      title={t.files.gone}
      text={t.files.goneText}
    >
      {folder !== ROOT && (
        <>
          <Button onClick={() => onEnter(parentOf(folder))}>{t.files.toAbove}</Button>
          <Button variant="default" onClick={() => onEnter(ROOT)}>
            {t.files.toRoot}
          </Button>
        </>
      )}
    </Empty>
  );
}

const BARS = [62, 48, 71, 40, 55, 66];

function Waiting() {
  return (
    <div className={classes.waiting} role="status" aria-label={t.files.viewer.loading}>
      {BARS.map((width) => (
        <Skeleton key={width} height={14} width={`${width}%`} radius="sm" />
      ))}
    </div>
  );
}
