/** Whether the panel of uploads and jobs is needed; it is loaded only then, and after a reload again. */

import { recall, remember } from "@/lib/storage";
import { Store } from "@/lib/store";

const KEY = "transfers";

export const hasTransfers = new Store<boolean>(recall(KEY, false));

export function setTransfers(areThere: boolean): void {
  if (areThere !== hasTransfers.get()) remember(KEY, areThere);
  hasTransfers.set(areThere);
}
