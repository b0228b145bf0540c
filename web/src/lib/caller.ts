/** Who is signed in: the daemon says so. */

import { ask } from "@/lib/http";
import { session } from "@/lib/session";
import type { Caller } from "@/lib/wire.gen";

/** Ask whose page this is; waits for the sign-in where nobody is. */
export async function learnCaller(): Promise<void> {
  try {
    const { username } = await ask<Caller>("/whoami");
    session.set({ ...session.get(), user: username });
  } catch {
    // The daemon is away, or older: the name is missing in a corner, and comes with the next page.
  }
}
