import { type RefObject, useLayoutEffect, useState } from "react";

export interface Size {
  /** Of one row, in pixels. */
  rowPx: number;
  /** Characters that fit beside each other. */
  columns: number;
  height: number;
}

const TIME_CHARACTERS = 10;
const PADDING_PX = 32;

/** How much fits into an element, by the font that it has. */
export function useMeasure(ref: RefObject<HTMLElement | null>, hasTimes: boolean): Size {
  const [size, setSize] = useState<Size>({ rowPx: 20, columns: 100, height: 600 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = () => {
      if (element.clientHeight === 0) return; // its tab isn't shown
      const probe = document.createElement("span");
      probe.textContent = "0".repeat(100);
      probe.style.cssText = "position:absolute;visibility:hidden;white-space:pre";
      element.append(probe);
      const character = probe.getBoundingClientRect().width / 100;
      probe.remove();
      const rowPx = Number.parseFloat(getComputedStyle(element).lineHeight) || 20;
      const room = element.clientWidth - PADDING_PX;
      const columns = Math.max(10, Math.floor(room / character) - (hasTimes ? TIME_CHARACTERS : 0));
      const height = element.clientHeight;
      setSize((before) =>
        before.rowPx === rowPx && before.columns === columns && before.height === height
          ? before
          : { rowPx, columns, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, hasTimes]);
  return size;
}
