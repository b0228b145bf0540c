import { describe, expect, it } from "vitest";
import { type Fleet, grouped, snapshot, withStatus, withUsage } from "./fleet";
import type { Server } from "./wire.gen";

const server = (more: Partial<Server> = {}): Server => ({
  status: 0,
  state: "stopped",
  cpuUsage: 0,
  memoryUsage: 0,
  totalMemory: 1000,
  uptime: 0,
  pid: 0,
  restarts: 0,
  desired: "stopped",
  desiredBy: "",
  desiredTime: 0,
  ...more,
});

const NOW = 1_000_000;
const two = (): Fleet =>
  snapshot({ a: server(), b: server({ state: "running", status: 1, pid: 5, uptime: 2e9 }) }, NOW);

it("knows since when an app runs, by this browser's clock", () => {
  expect(two().apps.map((app) => app.since)).toEqual([0, NOW - 2000]);
  expect(two().totalMemory).toBe(1000);
});

describe("a status event", () => {
  it("starts the clock anew for another process only", () => {
    const running = { state: "running", status: 1, pid: 9 } as const;
    const once = withStatus(two(), "a", running, NOW);
    expect(once?.apps[0]).toMatchObject({ state: "running", since: NOW, pid: 9 });
    const again = once && withStatus(once, "a", { ...running, state: "stopping" }, NOW + 500);
    expect(again?.apps[0]).toMatchObject({ state: "stopping", since: NOW });
    const restarted = again && withStatus(again, "a", { ...running, pid: 10 }, NOW + 900);
    expect(restarted?.apps[0]?.since).toBe(NOW + 900);
  });

  it("takes an app away, and says when one isn't known", () => {
    expect(withStatus(two(), "a", { removed: true }, NOW)?.apps.map((app) => app.name)).toEqual([
      "b",
    ]);
    expect(withStatus(two(), "new", { state: "running" }, NOW)).toBeNull();
  });

  it("clears what a stopped app used", () => {
    const used = withUsage(two(), { b: { cpuUsage: 5, memoryUsage: 7 } });
    expect(used.apps[1]).toMatchObject({ cpu: 5, memory: 7 });
    const stopped = withStatus(used, "b", { state: "crashed", status: 2, reason: "exit 3" }, NOW);
    expect(stopped?.apps[1]).toMatchObject({ cpu: 0, memory: 0, since: 0, reason: "exit 3" });
  });
});

it("leaves apps as they are whose numbers are the same", () => {
  const before = two();
  const after = withUsage(before, { a: { cpuUsage: 9, memoryUsage: 9 } });
  expect(after.apps[0]).toBe(before.apps[0]); // it doesn't run
});

it("groups names that begin alike", () => {
  const names = ["mc-lobby", "web", "mc-survival", "bot-one", "v1.2", "v1.3"];
  const fleet = snapshot(Object.fromEntries(names.map((name) => [name, server()])), NOW);
  expect(grouped(fleet.apps).map((group) => [group.name, group.apps.length])).toEqual([
    ["mc", 2],
    ["v1", 2],
    ["", 2],
  ]);
});
