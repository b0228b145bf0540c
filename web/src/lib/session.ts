/** Who is signed in, as far as this page knows, and whoever waits for a sign-in. */

import { Store } from "@/lib/store";

export interface Session {
  /** The account's name, "" while it isn't known. */
  user: string;
  /** The sign-in is needed now. */
  isAsked: boolean;
  /** Something was shown already: the sign-in stands over the page instead of in its place. */
  wasOpen: boolean;
}

export const session = new Store<Session>({
  user: "",
  isAsked: false,
  wasOpen: false,
});

let waiting: { promise: Promise<void>; resolve: () => void } | null = null;

/** How often somebody has signed in here: a refused request may be of before the last time. */
let signIns = 0;
export const signInCount = (): number => signIns;

/** Resolves when somebody has signed in; at once when that was `since` the request was sent. */
export function askForSignIn(since = signIns): Promise<void> {
  if (since !== signIns) return Promise.resolve();
  if (!waiting) {
    let resolve = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    waiting = { promise, resolve };
    session.set({ ...session.get(), isAsked: true });
  }
  return waiting.promise;
}

/** Somebody has signed in. */
export function signedIn(user: string): void {
  signIns += 1;
  session.set({ user, isAsked: false, wasOpen: true });
  waiting?.resolve();
  waiting = null;
}

/** The first answer has come: what is there stays there while a session is renewed. */
export function pageIsOpen(): void {
  if (!session.get().wasOpen) session.set({ ...session.get(), wasOpen: true });
}
