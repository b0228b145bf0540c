/** Which apps' files were just changed by this page: what shows them reads them again. */

import { Store } from "@/lib/store";

export interface Touched {
  app: string;
  count: number;
}

export const changes = new Store<Touched>({ app: "", count: 0 });

export function touched(app: string): void {
  changes.set({ app, count: changes.get().count + 1 });
}
