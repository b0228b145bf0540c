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

/** Resolves when somebody has signed in. */
export function askForSignIn(): Promise<void> {
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
  session.set({ user, isAsked: false, wasOpen: true });
  waiting?.resolve();
  waiting = null;
}

/** The first answer has come: what is there stays there while a session is renewed. */
export function pageIsOpen(): void {
  if (!session.get().wasOpen) session.set({ ...session.get(), wasOpen: true });
}
