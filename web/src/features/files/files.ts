/** What one app's files tab holds beside the folder itself. */

import { Store } from "@/lib/store";
import type { FileEntry, TreeUsage } from "@/lib/wire.gen";
import type { Choice, Comer, There } from "./model/conflicts";
import { join, ROOT } from "./model/paths";
import { NOTHING, type Selection } from "./model/selection";

export interface Conflict extends Comer {
  folder: string;
  there: There;
  canReplace: boolean;
  /** What it would be called beside the other. */
  freeName: string;
}

export type Dialog =
  | { kind: "create"; isFolder: boolean }
  | { kind: "delete"; entries: readonly FileEntry[] }
  | { kind: "transfer"; operation: "mv" | "cp"; paths: readonly string[] }
  | { kind: "pack"; names: readonly string[] }
  | { kind: "unpack"; name: string }
  | { kind: "modes"; names: readonly string[] }
  | {
      kind: "conflicts";
      conflicts: readonly Conflict[];
      answer: (choices: ReadonlyMap<string, Choice> | undefined) => void;
    };

export interface Clipboard {
  app: string;
  operation: "mv" | "cp";
  paths: readonly string[];
}

export interface MenuPlace {
  x: number;
  y: number;
  /** On the folder itself, not on what is selected. */
  isFolder: boolean;
}

/** One for all tabs and apps: what was cut in one app can't be pasted in another. */
export const clipboard = new Store<Clipboard | null>(null);

export class Files {
  readonly folder = new Store(ROOT);
  readonly selection = new Store<Selection>(NOTHING);
  readonly dialog = new Store<Dialog | null>(null);
  readonly menu = new Store<MenuPlace | null>(null);
  /** The name that is being changed in place. */
  readonly renaming = new Store("");
  readonly filter = new Store("");
  readonly isSearching = new Store(false);
  readonly usage = new Store<ReadonlyMap<string, TreeUsage | "measuring">>(new Map());
  /** To be selected as soon as it is in the list. */
  wanted: readonly string[] = [];

  constructor(readonly app: string) {}

  enter(folder: string): void {
    if (folder === this.folder.get()) return;
    this.folder.set(folder);
    this.selection.set(NOTHING);
    this.renaming.set("");
    this.filter.set("");
  }

  path = (name: string): string => join(this.folder.get(), name);

  ask(conflicts: readonly Conflict[]): Promise<ReadonlyMap<string, Choice> | undefined> {
    if (conflicts.length === 0) return Promise.resolve(new Map());
    return new Promise((answer) => this.dialog.set({ kind: "conflicts", conflicts, answer }));
  }

  close = (): void => this.dialog.set(null);
}
