import { type KeyboardEvent, useRef } from "react";
import type { FileEntry } from "@/lib/wire.gen";
import { paste, putOnClipboard } from "../actions";
import type { Files } from "../files";
import { all, moved, NOTHING, only, toggled, typedAhead } from "../model/selection";
import type { Listing } from "../use-listing";

interface Wiring {
  files: Files;
  listing: Listing;
  rowsInSight: () => number;
  open: (entry: FileEntry) => void;
  up: () => void;
}

const TYPING_MS = 900;

/** The keys of the list. */
export function useKeys({ files, listing, rowsInSight, open, up }: Wiring) {
  const typed = useRef({ text: "", at: 0 });
  const { names } = listing;

  function step(by: number, event: KeyboardEvent): void {
    files.selection.set(moved(files.selection.get(), names, by, event.shiftKey));
  }

  function chosen(): FileEntry[] {
    const selected = files.selection.get().names;
    return listing.entries.filter((entry) => selected.has(entry.name));
  }

  function openCursor(): void {
    const { cursor } = files.selection.get();
    const entry = listing.entries.find((each) => each.name === cursor);
    if (entry) open(entry);
  }

  function typeAhead(key: string): void {
    const now = Date.now();
    const before = now - typed.current.at < TYPING_MS ? typed.current.text : "";
    typed.current = { text: before + key, at: now };
    const name = typedAhead(names, files.selection.get().cursor, typed.current.text);
    if (name) files.selection.set(only(name));
  }

  const plain: Record<string, (event: KeyboardEvent) => void> = {
    ArrowDown: (event) => step(1, event),
    ArrowUp: (event) => (event.altKey ? up() : step(-1, event)),
    PageDown: (event) => step(rowsInSight(), event),
    PageUp: (event) => step(-rowsInSight(), event),
    Home: (event) => step(-names.length, event),
    End: (event) => step(names.length, event),
    Enter: openCursor,
    Backspace: up,
    F2: () => files.renaming.set(files.selection.get().cursor),
    Delete: () => {
      const entries = chosen();
      if (entries.length > 0) files.dialog.set({ kind: "delete", entries });
    },
    Escape: () => files.selection.set(NOTHING),
    " ": () => {
      const { cursor } = files.selection.get();
      if (cursor) files.selection.set(toggled(files.selection.get(), cursor));
    },
  };
  const withControl: Record<string, () => void> = {
    a: () => files.selection.set(all(names, files.selection.get())),
    c: () => putOnClipboard(files, "cp", [...files.selection.get().names]),
    x: () => putOnClipboard(files, "mv", [...files.selection.get().names]),
    v: () => void paste(files),
  };

  return function onKeyDown(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
    const isControl = event.ctrlKey || event.metaKey;
    const isOnButton = event.target instanceof HTMLButtonElement;
    if (isOnButton && (event.key === "Enter" || event.key === " ")) return;
    const run = isControl ? withControl[event.key.toLowerCase()] : plain[event.key];
    if (run) {
      event.preventDefault();
      run(event);
    } else if (event.key.length === 1 && !isControl && !event.altKey) typeAhead(event.key);
  };
}
