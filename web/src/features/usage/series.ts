/** The samples of the last hour and what came since, as columns. Pure. */

import { clockTime } from "@/lib/format";
import type { Point } from "@/lib/live";
import type { UsageHistory } from "@/lib/wire.gen";

export interface Series {
  /** Seconds since 1970, rising. */
  time: number[];
  cpu: number[];
  memory: number[];
}

const HOUR_MS = 3_600_000;

export function merged(samples: UsageHistory["samples"], live: readonly Point[]): Series {
  const last = samples.at(-1)?.time ?? 0;
  const all = [
    ...samples.map((one) => ({ time: one.time, cpu: one.cpuUsage, memory: one.memoryUsage })),
    ...live.filter((point) => point.time > last),
  ];
  const from = (all.at(-1)?.time ?? 0) - HOUR_MS;
  const shown = all.filter((one) => one.time >= from);
  return {
    time: shown.map((one) => one.time / 1000),
    cpu: shown.map((one) => one.cpu),
    memory: shown.map((one) => one.memory),
  };
}

/** The times of an axis, in seconds since 1970; with seconds only where two would look alike. */
export function timeLabels(times: readonly number[]): string[] {
  const whole = times.map((at) => clockTime(at * 1000));
  const short = whole.map((text) => text.slice(0, 5));
  return new Set(short).size === short.length ? short : whole;
}
