/** The files and folders of a drop, of a paste or of a file dialog. */

import { rootsOf } from "./sources";
import type { Chosen } from "./survey";

export interface Collected {
  files: Chosen<File>[];
  /** All folders, also those without files. */
  folders: string[];
}

/** Of a dialog: with their folder, where a whole one was chosen. */
export function fromList(list: Iterable<File>): Collected {
  const files = [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return { files, folders: [] };
}

/** Of a drop. The entries have to be taken at once: they are gone when the event is over. */
export async function fromDrop(data: DataTransfer): Promise<Collected> {
  const items = [...data.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...data.files];
  const roots = await rootsOf(items);
  if (!entries.some((entry) => entry !== null)) return fromList(plain);
  const collected: Collected = { files: [], folders: [] };
  for (const [i, entry] of entries.entries()) {
    if (entry) await walk(entry, "", roots[i] ?? undefined, collected);
  }
  return collected;
}

async function walk(
  entry: FileSystemEntry,
  above: string,
  root: FileSystemHandle | undefined,
  into: Collected,
): Promise<void> {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    // Below a folder that was dropped its own name, the first one, is not a step.
    const within = path.split("/").slice(1).join("/");
    into.files.push({ file, path, source: root && { root, within } });
    return;
  }
  into.folders.push(path);
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time, until there are none.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await walk(each, path, root, into);
  }
}
