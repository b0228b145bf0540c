/** Where chosen files and folders go, and which names are taken there. Pure but for `list`. */

import type { Comer, There } from "../model/conflicts";
import { freeName, join, nameOf, parentOf } from "../model/paths";
import type { Source } from "./sources";

export interface Chosen<F> {
  file: F;
  /** Within what was chosen: "folder/name". */
  path: string;
  /** By which it can be read again after a reload, where the browser has such. */
  source?: Source | undefined;
}

export interface Arrival<F> extends Comer {
  file: F;
  folder: string;
  path: string;
  source: Source | undefined;
}

export interface Survey<F> {
  /** The folders to be made, those above first. */
  missing: string[];
  arrivals: Arrival<F>[];
  /** What is in each folder already. */
  there: Map<string, ReadonlyMap<string, There>>;
}

type Listing = ReadonlyMap<string, There>;
type FileLike = { name: string; size: number; lastModified: number };

/** A folder whose name a file has gets another one; folders that are there are filled up. */
export async function survey<F extends FileLike>(
  target: string,
  chosen: readonly Chosen<F>[],
  folders: readonly string[],
  list: (folder: string) => Promise<Listing>,
): Promise<Survey<F>> {
  const there = new Map<string, Listing>([[target, await list(target)]]);
  const places = new Map<string, string>([["", target]]);
  const missing: string[] = [];
  for (const folder of wanted(chosen, folders)) {
    const above = places.get(dirOf(folder)) ?? target;
    const known = there.get(above) ?? new Map();
    const name = nameOf(folder);
    const found = known.get(name);
    const isFile = found !== undefined && !found.isFolder;
    const place = join(above, isFile ? freeName(name, (each) => known.has(each)) : name);
    places.set(folder, place);
    const exists = found?.isFolder ?? false;
    there.set(place, exists ? await list(place) : new Map());
    if (!exists) missing.push(place);
  }
  const arrivals = chosen.map(
    ({ file, path, source }, i): Arrival<F> => ({
      id: String(i),
      name: nameOf(path),
      isFolder: false,
      size: file.size,
      modified: file.lastModified,
      folder: places.get(dirOf(path)) ?? target,
      file,
      path,
      source,
    }),
  );
  return { missing, arrivals, there };
}

const dirOf = (path: string): string => parentOf(path).slice(1);

/** All folders that are needed, without those above the target, the upper ones first. */
function wanted(chosen: readonly Chosen<unknown>[], folders: readonly string[]): string[] {
  const all = new Set<string>();
  for (const start of [...chosen.map(({ path }) => dirOf(path)), ...folders]) {
    for (let folder = start; folder && !all.has(folder); folder = dirOf(folder)) all.add(folder);
  }
  const depth = (folder: string) => folder.split("/").length;
  return [...all].sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
}
