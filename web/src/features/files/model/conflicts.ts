/** Names that are taken where something is to be put, and what becomes of them. Pure. */

import { freeName } from "./paths";

export type Choice = "skip" | "replace" | "rename";

export interface Comer {
  /** Unique among all that come. */
  id: string;
  name: string;
  isFolder: boolean;
  size?: number;
  modified?: number;
}

export interface There {
  isFolder: boolean;
  size?: number;
  modified?: number;
}

export interface Placed {
  id: string;
  name: string;
  replaces: boolean;
}

/** Those whose names are taken. */
export function conflictsOf<C extends Comer>(
  comers: readonly C[],
  there: ReadonlyMap<string, unknown>,
): C[] {
  return comers.filter((comer) => there.has(comer.name));
}

/** The names that all get; those that are skipped are left out. New names are free in all respects. */
export function placed(
  comers: readonly Comer[],
  there: ReadonlyMap<string, unknown>,
  choices: ReadonlyMap<string, Choice>,
): Placed[] {
  const taken = new Set([...there.keys(), ...comers.map((comer) => comer.name)]);
  const result: Placed[] = [];
  for (const { id, name } of comers) {
    if (!there.has(name)) {
      result.push({ id, name, replaces: false });
      continue;
    }
    const choice = choices.get(id) ?? "skip";
    if (choice === "replace") result.push({ id, name, replaces: true });
    if (choice !== "rename") continue;
    const free = freeName(name, (each) => taken.has(each));
    taken.add(free);
    result.push({ id, name: free, replaces: false });
  }
  return result;
}
