import { type MouseEvent, type PointerEvent, type TouchEvent, useRef } from "react";
import type { FileEntry } from "@/lib/wire.gen";
import { measureFolders } from "../actions";
import type { Files } from "../files";
import { NOTHING, only, ranged, toggled } from "../model/selection";
import type { Listing } from "../use-listing";

const LONG_PRESS_MS = 450;
const STILL_PX = 10;

export interface Hit {
  entry: FileEntry;
  name: string;
}

type Point = Pick<MouseEvent, "clientX" | "clientY">;

/** The entry that an event is on. */
export function hitOf(target: EventTarget, listing: Listing): Hit | undefined {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  const entry = row ? listing.entries[Number(row.dataset.index)] : undefined;
  return entry ? { entry, name: entry.name } : undefined;
}

const isOn = (target: EventTarget, selector: string): boolean =>
  target instanceof Element && target.closest(selector) !== null;

/** Clicks, taps and long presses on the rows. */
export function usePointer(files: Files, listing: Listing, open: (entry: FileEntry) => void) {
  const press = useRef({ type: "mouse", clientX: 0, clientY: 0, isLong: false });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const stop = () => clearTimeout(timer.current);

  function onPointerDown(event: PointerEvent): void {
    stop();
    const { pointerType: type, clientX, clientY } = event;
    press.current = { type, clientX, clientY, isLong: false };
    const hit = hitOf(event.target, listing);
    if (event.pointerType !== "touch" || !hit) return;
    timer.current = setTimeout(() => {
      press.current.isLong = true;
      navigator.vibrate?.(12);
      // The first begins a selection; one on what is selected asks what can be done to it.
      if (files.selection.get().names.has(hit.name)) menu(press.current, hit.name);
      else files.selection.set(toggled(files.selection.get(), hit.name));
    }, LONG_PRESS_MS);
  }

  function onPointerMove(event: PointerEvent): void {
    const { clientX, clientY } = press.current;
    if (Math.hypot(event.clientX - clientX, event.clientY - clientY) > STILL_PX) stop();
  }

  /** The mouse events that browsers make of a touch would close the menu that it has opened. */
  function onTouchEnd(event: TouchEvent): void {
    if (press.current.isLong && event.cancelable) event.preventDefault();
  }

  function onClick(event: MouseEvent): void {
    stop();
    if (isOn(event.target, "input:not([type=checkbox])")) return;
    const hit = hitOf(event.target, listing);
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    const isLink = isOn(event.target, "[data-open]");
    // The browser's own: a link in a new window (middle button, which is no click).
    if (isLink) event.preventDefault();
    if (press.current.isLong) return;
    if (!hit) {
      const isEmptyPlace = !isOn(event.target, "button, [role=columnheader]");
      if (isPlain && isEmptyPlace) files.selection.set(NOTHING);
      return;
    }
    const selection = files.selection.get();
    if (isOn(event.target, "[data-more]")) menu(event, hit.name);
    else if (isOn(event.target, "[data-measure]")) measureFolders(files, [files.path(hit.name)]);
    else if (event.shiftKey) {
      files.selection.set(ranged(selection, listing.names, hit.name, event.ctrlKey));
    } else if (!isPlain || isOn(event.target, "[data-check]")) {
      files.selection.set(toggled(selection, hit.name));
    } else if (press.current.type === "touch" && selection.names.size > 0) {
      files.selection.set(toggled(selection, hit.name));
    } else if (isLink || press.current.type === "touch") open(hit.entry);
    else files.selection.set(only(hit.name));
  }

  function onDoubleClick(event: MouseEvent): void {
    const hit = hitOf(event.target, listing);
    const isElsewhere = isOn(event.target, "[data-open], [data-check], button, input");
    if (hit && !isElsewhere && press.current.type !== "touch") open(hit.entry);
  }

  function menu(at: Point, name: string | undefined): void {
    if (name === undefined) files.selection.set(NOTHING);
    else if (!files.selection.get().names.has(name)) files.selection.set(only(name));
    files.menu.set({ x: at.clientX, y: at.clientY, isFolder: name === undefined });
  }

  function onContextMenu(event: MouseEvent): void {
    if (isOn(event.target, "input:not([type=checkbox])")) return;
    event.preventDefault();
    if (press.current.type === "touch") return; // that was a long press
    menu(event, hitOf(event.target, listing)?.name);
  }

  return {
    onPointerDown,
    onPointerMove,
    onPointerUp: stop,
    onPointerCancel: stop,
    onTouchEnd,
    onClick,
    onDoubleClick,
    onContextMenu,
  };
}
