/** The files and folders of a drop, of a paste or of a file dialog. */

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
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...data.files];
  if (!entries.some((entry) => entry !== null)) return fromList(plain);
  const collected: Collected = { files: [], folders: [] };
  for (const entry of entries) if (entry) await walk(entry, "", collected);
  return collected;
}

async function walk(entry: FileSystemEntry, above: string, into: Collected): Promise<void> {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    into.files.push({ file, path });
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
    for (const each of some) await walk(each, path, into);
  }
}
