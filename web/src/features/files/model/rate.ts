/** How quickly something goes, over the last seconds. Pure. */

export interface Rate {
  samples: readonly (readonly [timeMs: number, total: number])[];
}

export const NO_RATE: Rate = { samples: [] };
const WINDOW_MS = 5000;
const SPACING_MS = 250;

export function sampled(rate: Rate, now: number, total: number): Rate {
  const last = rate.samples.at(-1);
  if (last && now - last[0] < SPACING_MS) return rate;
  const recent = rate.samples.filter(([time, done]) => now - time <= WINDOW_MS && done <= total);
  return { samples: [...recent, [now, total]] };
}

/** Bytes a second; 0 when it isn't known. */
export function speed({ samples }: Rate): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last[0] - first[0] < SPACING_MS) return 0;
  return ((last[1] - first[1]) / (last[0] - first[0])) * 1000;
}

/** Milliseconds; `undefined` when that isn't known. */
export function timeLeft(rate: Rate, left: number): number | undefined {
  const perSecond = speed(rate);
  return perSecond > 0 ? (left / perSecond) * 1000 : undefined;
}
