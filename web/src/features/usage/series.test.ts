import { expect, it } from "vitest";
import { merged, timeLabels } from "./series";

it("joins the hour with what came since, and lets go of what is older", () => {
  const samples = [
    { time: 0, cpuUsage: 1, memoryUsage: 1 },
    { time: 3_000_000, cpuUsage: 2, memoryUsage: 2 },
  ];
  const live = [
    { time: 2_999_000, cpu: 9, memory: 9 },
    { time: 3_700_000, cpu: 3, memory: 3 },
  ];
  expect(merged(samples, live)).toEqual({ time: [3000, 3700], cpu: [2, 3], memory: [2, 3] });
  expect(merged([], [])).toEqual({ time: [], cpu: [], memory: [] });
});

it("shows seconds only where minutes would repeat", () => {
  const noon = new Date(2026, 0, 1, 12, 0, 0).getTime() / 1000;
  expect(timeLabels([noon, noon + 60, noon + 120])).toEqual(["12:00", "12:01", "12:02"]);
  expect(timeLabels([noon, noon + 30])).toEqual(["12:00:00", "12:00:30"]);
  expect(timeLabels([])).toEqual([]);
});
