import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Files } from "../files";
import { boxed, NOTHING, type Selection } from "../model/selection";
import type { Listing } from "../use-listing";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const SMALLEST_PX = 5;
const EDGE_PX = 36;
const TAKEN = "[draggable=true], input, button, a, [data-check], [role=columnheader]";

interface Start {
  x: number;
  y: number;
  before: Selection;
}

/** A box drawn with the mouse from an empty place, over the rows that it selects. */
export function useBox(
  scroller: RefObject<HTMLDivElement | null>,
  files: Files,
  listing: Listing,
  rowHeight: number,
  headHeight: number,
) {
  const start = useRef<Start | null>(null);
  const [box, setBox] = useState<Box | null>(null);
  const now = useRef({ files, listing, rowHeight, headHeight });
  useEffect(() => {
    now.current = { files, listing, rowHeight, headHeight };
  });

  /** Within all that is scrolled. */
  function placeOf(event: { clientX: number; clientY: number }) {
    const area = scroller.current;
    if (!area) return { x: 0, y: 0 };
    const frame = area.getBoundingClientRect();
    return {
      x: event.clientX - frame.left + area.scrollLeft,
      y: event.clientY - frame.top + area.scrollTop,
    };
  }

  function onPointerDown(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    if (event.target instanceof Element && event.target.closest(TAKEN)) return;
    const adds = event.ctrlKey || event.metaKey || event.shiftKey;
    start.current = { ...placeOf(event), before: adds ? files.selection.get() : NOTHING };
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: what changes is taken from `now`
  useEffect(() => {
    const move = (event: globalThis.PointerEvent) => {
      const from = start.current;
      const area = scroller.current;
      if (!from || !area) return;
      const to = placeOf(event);
      if (Math.hypot(to.x - from.x, to.y - from.y) < SMALLEST_PX) return;
      const frame = area.getBoundingClientRect();
      if (event.clientY > frame.bottom - EDGE_PX) area.scrollTop += 12;
      if (event.clientY < frame.top + EDGE_PX) area.scrollTop -= 12;
      const { headHeight: head, rowHeight: height, listing: list, files: model } = now.current;
      const rowAt = (y: number) => Math.floor((y - head) / height);
      const [upper, lower] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      model.selection.set(boxed(from.before, list.names, rowAt(upper), rowAt(lower)));
      setBox({
        left: Math.min(from.x, to.x),
        top: upper,
        width: Math.abs(to.x - from.x),
        height: lower - upper,
      });
    };
    const end = () => {
      start.current = null;
      setBox((drawn) => {
        if (drawn) swallowClick();
        return null;
      });
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    return () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
  }, []);
  return { box, onPointerDown };
}

/** The click that ends the drawing selects nothing. */
function swallowClick(): void {
  const swallow = (event: MouseEvent) => event.stopPropagation();
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
}
