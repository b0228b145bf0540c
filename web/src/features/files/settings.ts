/** How folders are shown; this browser remembers it. */

import { recall, remember } from "@/lib/storage";
import { Store } from "@/lib/store";
import { BY_NAME, type Column, type Order } from "./model/sort";

export interface Settings {
  order: Order;
  columns: readonly Column[];
  showsHidden: boolean;
}

/** The columns beside the name, in their order. */
export const COLUMNS: readonly Column[] = ["size", "modified", "kind", "mode", "owner"];

const KEY = "files-view";

export const settings = new Store<Settings>({
  order: BY_NAME,
  columns: ["size", "modified"],
  showsHidden: false,
  ...recall<Partial<Settings>>(KEY, {}),
});

export function setSettings(part: Partial<Settings>): void {
  settings.set({ ...settings.get(), ...part });
  remember(KEY, settings.get());
}
