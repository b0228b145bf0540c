import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime } from "@/lib/format";
import { timeLabels } from "./series";
import classes from "./usage-tab.module.css";

const HEIGHT = 210;
const LABEL = 76; // pixels at least from one time to the next
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

interface Props {
  time: number[];
  values: number[];
  show: (value: number) => string;
  floor: number;
  /** Of the scale: what may lie between two of its lines. */
  steps: number[];
  /** The CSS variable of its colour. */
  tone: string;
  label: string;
  isShown: boolean;
  onClick: (ms: number) => void;
}

/** A number over time. */
export function Graph({ time, values, show, floor, steps, tone, label, isShown, onClick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const click = useRef(onClick);
  const colours = useComputedColorScheme();
  useEffect(() => {
    click.current = onClick;
  }, [onClick]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new colours need a new drawing
  useEffect(() => {
    const element = place.current;
    if (!element || !isShown) return undefined;
    const drawn = new uPlot(options(element, { show, floor, steps, tone }), [[], []], element);
    plot.current = drawn;
    const onClicked = () => {
      const at = drawn.data[0][drawn.cursor.idx ?? -1];
      if (at !== undefined) click.current(at * 1000);
    };
    drawn.over.addEventListener("click", onClicked);
    const observer = new ResizeObserver(() =>
      drawn.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [show, floor, steps, tone, colours, isShown]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: also after a new drawing
  useEffect(() => {
    plot.current?.setData([time, values]);
  }, [time, values, colours, isShown]);

  return <div ref={place} className={classes.graph} role="img" aria-label={label} />;
}

function options(
  element: HTMLElement,
  { show, floor, steps, tone }: Pick<Props, "show" | "floor" | "steps" | "tone">,
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--mantine-color-dimmed"),
    font: "12px system-ui",
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [10, 30, 0, 0],
    cursor: { y: false, points: { size: 7 } },
    legend: { live: true },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(floor, high * 1.15)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 36,
        gap: 10,
        space: LABEL,
        incrs: STEPS_S,
        values: (_plot, splits) => timeLabels(splits),
      },
      {
        ...axis,
        size: 76,
        incrs: steps,
        grid: { stroke: colour("--line"), width: 1 },
        values: (_plot, splits) => splits.map(show),
      },
    ],
    series: [
      { label: "", value: (_plot, at) => (at ? clockTime(at * 1000) : "") },
      {
        label: "",
        stroke: colour(tone),
        width: 1.75,
        fill: `${colour(tone)}22`,
        points: { show: false },
        value: (_plot, value) => (value === null ? "" : show(value)),
      },
    ],
  };
}
