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
const SCROLL_PX = 12; // of a frame
const TAKEN = "[draggable=true], input, button, a, [data-check], [role=columnheader]";

interface Pointer {
  clientX: number;
  clientY: number;
}

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
  function placeOf(event: Pointer) {
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
    let last: Pointer | null = null;
    let frame = 0;
    const draw = () => {
      const from = start.current;
      if (!from || !last) return;
      const to = placeOf(last);
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
    /** Near an edge the list scrolls for as long as the pointer is there, also when it rests. */
    const scroll = () => {
      const area = scroller.current;
      frame = 0;
      if (!start.current || !last || !area) return;
      const edge = area.getBoundingClientRect();
      const before = area.scrollTop;
      if (last.clientY > edge.bottom - EDGE_PX) area.scrollTop += SCROLL_PX;
      if (last.clientY < edge.top + EDGE_PX) area.scrollTop -= SCROLL_PX;
      if (area.scrollTop === before) return;
      draw();
      frame = requestAnimationFrame(scroll);
    };
    const move = (event: globalThis.PointerEvent) => {
      const from = start.current;
      if (!from) return;
      const to = placeOf(event);
      if (!last && Math.hypot(to.x - from.x, to.y - from.y) < SMALLEST_PX) return;
      last = { clientX: event.clientX, clientY: event.clientY };
      draw();
      frame ||= requestAnimationFrame(scroll);
    };
    // The first row that is selected becomes one that can be dragged: not by this pointer.
    const stay = (event: DragEvent) => {
      if (start.current) event.preventDefault();
    };
    const end = () => {
      start.current = null;
      if (last) swallowClick();
      last = null;
      setBox(null);
    };
    window.addEventListener("dragstart", stay, { capture: true });
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("dragstart", stay, { capture: true });
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
