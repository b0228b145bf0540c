/** Where a file was chosen: what a browser lets the page read again after a reload (Chromium). */

export interface Source {
  /** The file itself, or the folder that was dropped. */
  root: FileSystemHandle;
  /** The path in that folder; "" for a file. */
  within: string;
}

interface Picker {
  showOpenFilePicker?: (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]>;
}

interface Guarded {
  queryPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
  requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
}

interface DroppedItem {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

export const canPick = (): boolean => (window as Picker).showOpenFilePicker !== undefined;

/** The browser's own dialog; nothing when it was closed without a choice. */
export async function pick(): Promise<{ file: File; path: string; source: Source }[]> {
  try {
    const handles = (await (window as Picker).showOpenFilePicker?.({ multiple: true })) ?? [];
    return await Promise.all(
      handles.map(async (root) => {
        const file = await root.getFile();
        return { file, path: file.name, source: { root, within: "" } };
      }),
    );
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return [];
    throw error;
  }
}

/** What was dropped, in order. To be called at once: the items are gone when the event is over. */
export function rootsOf(items: readonly DataTransferItem[]): Promise<(FileSystemHandle | null)[]> {
  const asked = items.map((item) => {
    const dropped = item as DroppedItem;
    return dropped.getAsFileSystemHandle?.().catch(() => null) ?? null;
  });
  return Promise.all(asked);
}

/**
 * The file, when it may be read and is still there. `asks` lets the browser ask the user, which
 * it does in a click only.
 */
export async function reopened(source: Source, asks: boolean): Promise<File | undefined> {
  try {
    if (!(await isAllowed(source.root, asks))) return undefined;
    const steps = source.within.split("/").filter(Boolean);
    let place = source.root;
    for (const [i, step] of steps.entries()) {
      const folder = place as FileSystemDirectoryHandle;
      const isLast = i === steps.length - 1;
      place = isLast ? await folder.getFileHandle(step) : await folder.getDirectoryHandle(step);
    }
    return await (place as FileSystemFileHandle).getFile();
  } catch {
    return undefined; // moved, deleted, or not to be read any more
  }
}

async function isAllowed(root: FileSystemHandle, asks: boolean): Promise<boolean> {
  const guarded = root as Guarded;
  const now = (await guarded.queryPermission?.({ mode: "read" })) ?? "granted";
  if (now !== "prompt" || !asks) return now === "granted";
  return (await guarded.requestPermission?.({ mode: "read" })) === "granted";
}
