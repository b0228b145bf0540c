import { Menu } from "@mantine/core";
import {
  IconArrowRight,
  IconClipboard,
  IconCopy,
  IconCopyPlus,
  IconCut,
  IconDownload,
  IconExternalLink,
  IconFilePlus,
  IconFileZip,
  IconFolderPlus,
  IconLock,
  IconPackageExport,
  IconPencil,
  IconRefresh,
  IconRuler2,
  IconSignature,
  IconTrash,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { told } from "@/components/notify";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { FileEntry } from "@/lib/wire.gen";
import { downloadEntries, measureFolders, paste, putOnClipboard } from "./actions";
import { clipboard, type Files } from "./files";
import { focusList } from "./list/focus";
import { canUnpack } from "./model/kinds";
import { isFolder, isLink } from "./model/sort";
import type { Listing } from "./use-listing";

interface Props {
  files: Files;
  listing: Listing;
  open: (entry: FileEntry) => void;
}

/** The menu at the pointer: of the selection, or of the folder itself. */
export function ContextMenu({ files, listing, open }: Props) {
  const place = useStore(files.menu);
  const { names } = useStore(files.selection);
  if (!place) return null;
  const entries = listing.entries.filter((entry) => names.has(entry.name));
  const target = { position: "fixed", left: place.x, top: place.y } as const;
  return (
    <Menu
      key={`${place.x},${place.y}`}
      opened
      onClose={() => {
        files.menu.set(null);
        setTimeout(focusList);
      }}
      position="bottom-start"
      offset={2}
      width={240}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <span style={target} />
      </Menu.Target>
      <Menu.Dropdown>
        {place.isFolder ? (
          <FolderItems files={files} listing={listing} />
        ) : (
          <EntryItems files={files} entries={entries} open={open} />
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ItemProps {
  icon: typeof IconCopy;
  keys?: string;
  color?: string;
  onClick: () => void;
  children: ReactNode;
}

function Item({ icon: Icon, keys, color, onClick, children }: ItemProps) {
  return (
    <Menu.Item
      leftSection={<Icon size={17} />}
      rightSection={keys && <span className="menu-keys">{keys}</span>}
      {...(color ? { color } : {})}
      onClick={onClick}
    >
      {children}
    </Menu.Item>
  );
}

function FolderItems({ files, listing }: Omit<Props, "open">) {
  return (
    <>
      <Item
        icon={IconFolderPlus}
        onClick={() => files.dialog.set({ kind: "create", isFolder: true })}
      >
        {t.files.newFolder}
      </Item>
      <Item
        icon={IconFilePlus}
        onClick={() => files.dialog.set({ kind: "create", isFolder: false })}
      >
        {t.files.newFile}
      </Item>
      <PasteItem files={files} />
      <Menu.Divider />
      <Item icon={IconRefresh} onClick={() => void listing.query.refetch()}>
        {t.files.refresh}
      </Item>
    </>
  );
}

function PasteItem({ files }: { files: Files }) {
  const held = useStore(clipboard);
  if (held?.app !== files.app) return null;
  return (
    <Item icon={IconClipboard} keys="Ctrl V" onClick={() => void paste(files)}>
      {t.files.pasteN(held.paths.length)}
    </Item>
  );
}

interface EntryProps {
  files: Files;
  entries: readonly FileEntry[];
  open: ((entry: FileEntry) => void) | undefined;
}

/** What can be done to some entries. */
export function EntryItems({ files, entries, open }: EntryProps) {
  const [first] = entries;
  if (!first) return null;
  const isOne = entries.length === 1;
  const names = entries.map((entry) => entry.name);
  const paths = names.map(files.path);
  const folders = entries.filter(isFolder).map((entry) => files.path(entry.name));
  const isPlainFile = isOne && !first.folder;
  return (
    <>
      {isOne && open && (
        <Item icon={IconExternalLink} keys="Enter" onClick={() => open(first)}>
          {t.files.open}
        </Item>
      )}
      <Item icon={IconDownload} onClick={() => void downloadEntries(files, entries)}>
        {isPlainFile ? t.files.download : t.files.downloadZip}
      </Item>
      <Menu.Divider />
      {isOne && (
        <Item icon={IconPencil} keys="F2" onClick={() => renameSoon(files, first.name)}>
          {t.files.rename}
        </Item>
      )}
      <Item icon={IconCut} keys="Ctrl X" onClick={() => putOnClipboard(files, "mv", names)}>
        {t.files.cut}
      </Item>
      <Item icon={IconCopy} keys="Ctrl C" onClick={() => putOnClipboard(files, "cp", names)}>
        {t.files.copy}
      </Item>
      <PasteItem files={files} />
      <Item
        icon={IconArrowRight}
        onClick={() => files.dialog.set({ kind: "transfer", operation: "mv", paths })}
      >
        {t.files.move}
      </Item>
      <Item
        icon={IconCopyPlus}
        onClick={() => files.dialog.set({ kind: "transfer", operation: "cp", paths })}
      >
        {t.files.copyTo}
      </Item>
      <Menu.Divider />
      <Item icon={IconFileZip} onClick={() => files.dialog.set({ kind: "pack", names })}>
        {t.files.pack}
      </Item>
      {isOne && canUnpack(first) && (
        <Item
          icon={IconPackageExport}
          onClick={() => files.dialog.set({ kind: "unpack", name: first.name })}
        >
          {t.files.unpack}
        </Item>
      )}
      {folders.length > 0 && (
        <Item icon={IconRuler2} onClick={() => measureFolders(files, folders)}>
          {t.files.measure}
        </Item>
      )}
      {!entries.some(isLink) && (
        <Item icon={IconLock} onClick={() => files.dialog.set({ kind: "modes", names })}>
          {t.files.modes}
        </Item>
      )}
      {isOne && (
        <Item icon={IconSignature} onClick={() => void copyPath(paths[0] ?? "")}>
          {t.files.copyPath}
        </Item>
      )}
      <Menu.Divider />
      <Item
        icon={IconTrash}
        keys="Del"
        color="var(--bad)"
        onClick={() => files.dialog.set({ kind: "delete", entries })}
      >
        {t.files.delete}
      </Item>
    </>
  );
}

/** The menu gives the focus back when it closes; the field takes it behind that. */
function renameSoon(files: Files, name: string): void {
  setTimeout(() => files.renaming.set(name), 50);
}

async function copyPath(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(path);
    told(t.files.pathCopied);
  } catch {
    window.prompt(t.files.copyPath, path); // without TLS a page has no clipboard
  }
}
