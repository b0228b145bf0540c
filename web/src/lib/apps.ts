/** What can be done to an app. */

import { appPath, ask } from "@/lib/http";
import type { Operated } from "@/lib/wire.gen";

export type Operation = "START" | "TERM" | "KILL" | "RESTART";

export function operate(name: string, operation: Operation): Promise<Operated> {
  return ask<Operated>(appPath(name), { method: "POST", body: operation });
}
