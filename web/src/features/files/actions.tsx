import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { failed, refused, told } from "@/components/notify";
import { t } from "@/lib/messages";
import type { FileEntry } from "@/lib/wire.gen";
import * as api from "./api";
import { touched } from "./changes";
import { type Conflict, clipboard, type Files } from "./files";
import { removalSteps, type Step, transferSteps, undoSteps } from "./model/batches";
import { type Comer, conflictsOf, placed, type There } from "./model/conflicts";
import { freeName, isWithin, nameOf, parentOf } from "./model/paths";
import type { Collected } from "./uploads/collect";
import { type Arrival, survey } from "./uploads/survey";
import { uploader } from "./uploads/uploader";

/** Runs it, and says what went wrong; whether it went well. */
export async function attempt(what: () => Promise<unknown>, title?: string): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    failed(error, title);
    return false;
  }
}

export const folderName = (path: string): string => nameOf(path) || t.files.root;

async function contents(app: string, folder: string): Promise<ReadonlyMap<string, There>> {
  const { contents: entries } = await api.listFolder(app, folder);
  return new Map(
    entries.map((entry) => [
      entry.name,
      { isFolder: entry.folder, size: entry.size, modified: entry.lastModified * 1000 },
    ]),
  );
}

function conflictOf(
  comer: Comer,
  folder: string,
  there: ReadonlyMap<string, There>,
  canReplace: (there: There) => boolean,
): Conflict {
  const found = there.get(comer.name) ?? { isFolder: false };
  const free = freeName(comer.name, (name) => there.has(name));
  return { ...comer, folder, there: found, canReplace: canReplace(found), freeName: free };
}

/** Move or copy into a folder; asks about names that are taken. */
export async function transfer(
  files: Files,
  operation: "mv" | "cp",
  paths: readonly string[],
  folder: string,
): Promise<void> {
  if (paths.some((path) => isWithin(folder, path))) {
    refused(t.errors.title, t.files.intoItself);
    return;
  }
  await attempt(async () => {
    const comers = paths
      .filter((path) => operation === "cp" || parentOf(path) !== folder)
      .map((path): Comer => ({ id: path, name: nameOf(path), isFolder: false }));
    const there = await contents(files.app, folder);
    const isBeside = (comer: Comer) => parentOf(comer.id) === folder;
    const taken = conflictsOf(comers, there).filter((comer) => !isBeside(comer));
    const choices = await files.ask(
      taken.map((comer) => conflictOf(comer, folder, there, () => true)),
    );
    if (!choices) return;
    const all = new Map(choices);
    for (const comer of comers) if (isBeside(comer)) all.set(comer.id, "rename");
    const items = placed(comers, there, all);
    const steps = transferSteps(operation, items, folder);
    if (steps.length === 0) return;
    await api.applySteps(files.app, steps);
    if (operation === "mv") clipboard.set(null);
    if (folder === files.folder.get()) files.wanted = items.map((item) => item.name);
    touched(files.app);
    const text = operation === "mv" ? t.files.moved : t.files.copied;
    toldWithUndo(files, text(items.length, folderName(folder)), undoSteps(steps));
  });
}

function toldWithUndo(files: Files, message: string, steps: readonly Step[]): void {
  if (steps.length === 0) {
    told(message);
    return;
  }
  const undo = async () => {
    notifications.hide(id);
    const isUndone = await attempt(() => api.applySteps(files.app, steps));
    touched(files.app);
    if (isUndone) told(t.files.undone);
  };
  const id = notifications.show({
    message: (
      <span className="toast-undo">
        {message}
        <Button size="compact-sm" variant="light" ml={12} onClick={() => void undo()}>
          {t.files.undo}
        </Button>
      </span>
    ),
    color: "petrol",
    autoClose: 9000,
  });
}

export async function rename(files: Files, name: string, after: string): Promise<void> {
  const steps: Step[] = [{ operation: "mv", src: files.path(name), dest: files.path(after) }];
  const isDone = await attempt(() => api.applySteps(files.app, steps));
  if (isDone) {
    files.wanted = [after];
    toldWithUndo(files, t.files.renamed(after), undoSteps(steps));
  }
  touched(files.app);
}

export async function create(files: Files, name: string, isFolder: boolean): Promise<void> {
  const path = files.path(name);
  if (isFolder) await api.makeFolder(files.app, path);
  else await api.makeFile(files.app, path);
  files.wanted = [name];
  touched(files.app);
}

export async function remove(files: Files, names: readonly string[]): Promise<void> {
  const paths = names.map(files.path);
  const [first = ""] = paths;
  const isDone = await attempt(() =>
    paths.length === 1
      ? api.removeFile(files.app, first)
      : api.applySteps(files.app, removalSteps(paths)),
  );
  touched(files.app);
  if (isDone) told(t.files.deleted(names.length, names[0] ?? ""));
}

export async function downloadEntries(files: Files, entries: readonly FileEntry[]): Promise<void> {
  const names = entries.map((entry) => entry.name);
  const isOneFile = entries.length === 1 && entries[0]?.folder === false;
  await attempt(async () => {
    const fits = await api.download(files.app, files.folder.get(), names, isOneFile);
    if (!fits) refused(t.errors.title, t.files.tooMany);
  });
}

export function measureFolders(files: Files, paths: readonly string[]): void {
  for (const path of paths) void measureOne(files, path);
}

async function measureOne(files: Files, path: string): Promise<void> {
  files.usage.set(new Map(files.usage.get()).set(path, "measuring"));
  const without = new Map(files.usage.get());
  await attempt(async () => {
    const usage = await api.measure(files.app, path);
    files.usage.set(new Map(files.usage.get()).set(path, usage));
  });
  if (files.usage.get().get(path) === "measuring") {
    without.delete(path);
    files.usage.set(without);
  }
}

export function putOnClipboard(
  files: Files,
  operation: "mv" | "cp",
  names: readonly string[],
): void {
  if (names.length === 0) return;
  clipboard.set({ app: files.app, operation, paths: names.map(files.path) });
  told((operation === "mv" ? t.files.clipboardCut : t.files.clipboardCopy)(names.length));
}

export async function paste(files: Files): Promise<void> {
  const held = clipboard.get();
  if (held?.app === files.app) {
    await transfer(files, held.operation, held.paths, files.folder.get());
  }
}

/** Send what was chosen or dropped into a folder; asks about names that are taken. */
export async function upload(files: Files, chosen: Collected, target: string): Promise<void> {
  if (chosen.files.length === 0 && chosen.folders.length === 0) return;
  await attempt(async () => {
    const found = await survey(target, chosen.files, chosen.folders, (folder) =>
      contents(files.app, folder),
    );
    const empty = new Map<string, There>();
    const taken = found.arrivals.flatMap((arrival) => {
      const there = found.there.get(arrival.folder) ?? empty;
      if (!there.has(arrival.name)) return [];
      return [conflictOf(arrival, arrival.folder, there, (it) => !it.isFolder)];
    });
    const choices = await files.ask(taken);
    if (!choices) return;
    for (const folder of found.missing) await api.makeFolder(files.app, folder);
    if (found.missing.length > 0) touched(files.app);
    const orders = byFolder(found.arrivals).flatMap(([folder, arrivals]) => {
      const names = placed(arrivals, found.there.get(folder) ?? empty, choices);
      const files_ = new Map(arrivals.map((arrival) => [arrival.id, arrival]));
      return names.flatMap(({ id, name }) => {
        const arrival = files_.get(id);
        if (!arrival) return [];
        return [
          {
            app: files.app,
            folder,
            name,
            label: arrival.path,
            file: arrival.file,
            source: arrival.source,
          },
        ];
      });
    });
    await uploader.add(orders);
  });
}

function byFolder(arrivals: readonly Arrival<File>[]): [string, Arrival<File>[]][] {
  const folders = new Map<string, Arrival<File>[]>();
  for (const arrival of arrivals) {
    const list = folders.get(arrival.folder);
    if (list) list.push(arrival);
    else folders.set(arrival.folder, [arrival]);
  }
  return [...folders];
}
