/** The apps as the page knows them: a snapshot, kept up to date by events. Pure. */

import type { Server, StatusEvent, UsageEvent } from "@/lib/wire.gen";

export type State = "stopped" | "starting" | "running" | "stopping" | "crashed" | "backoff";

export interface App {
  name: string;
  state: State;
  reason: string;
  pid: number;
  restarts: number;
  toDelete: boolean;
  cpu: number;
  memory: number;
  /** Since when it runs, by this browser's clock in ms; 0 when it doesn't. */
  since: number;
  desired: "running" | "stopped";
  desiredBy: string;
}

export interface Fleet {
  isLoaded: boolean;
  apps: readonly App[];
  totalMemory: number;
}

export const NO_FLEET: Fleet = { isLoaded: false, apps: [], totalMemory: 0 };

const STATES = new Set<string>([
  "stopped",
  "starting",
  "running",
  "stopping",
  "crashed",
  "backoff",
]);

export const isUp = (app: App): boolean => app.state === "running" || app.state === "stopping";
/** Whether there is something to stop: it runs, or is about to. */
export const isBusy = (app: App): boolean => app.state !== "stopped" && app.state !== "crashed";

function stateOf(text: string, status: number): State {
  if (STATES.has(text)) return text as State;
  return status === 1 ? "running" : status === 2 ? "crashed" : "stopped";
}

export function appOf(name: string, told: Server, now: number): App {
  return {
    name,
    state: stateOf(told.state, told.status),
    reason: told.reason ?? "",
    pid: told.pid,
    restarts: told.restarts,
    toDelete: told.toDelete ?? false,
    cpu: told.cpuUsage,
    memory: told.memoryUsage,
    since: told.uptime ? now - told.uptime / 1e6 : 0,
    desired: told.desired,
    desiredBy: told.desiredBy,
  };
}

export function snapshot(servers: Record<string, Server>, now: number): Fleet {
  const all = Object.entries(servers);
  return {
    isLoaded: true,
    apps: all.map(([name, told]) => appOf(name, told, now)),
    totalMemory: all[0]?.[1].totalMemory ?? 0,
  };
}

/** After a status event; `null` when the app isn't known and has to be asked for. */
export function withStatus(
  fleet: Fleet,
  name: string,
  told: StatusEvent,
  now: number,
): Fleet | null {
  if (told.removed) return { ...fleet, apps: fleet.apps.filter((app) => app.name !== name) };
  if (!fleet.apps.some((app) => app.name === name)) return null;
  return {
    ...fleet,
    apps: fleet.apps.map((app) => (app.name === name ? changed(app, told, now) : app)),
  };
}

function changed(app: App, told: StatusEvent, now: number): App {
  const pid = told.pid ?? 0;
  const state = stateOf(told.state ?? "", told.status ?? 0);
  const runs = state === "running" || state === "stopping";
  const goesOn = pid === app.pid && app.since > 0;
  return {
    ...app,
    state,
    pid,
    reason: told.reason ?? "",
    restarts: told.restarts ?? 0,
    toDelete: told.toDelete ?? false,
    since: runs ? (goesOn ? app.since : now) : 0,
    cpu: runs ? app.cpu : 0,
    memory: runs ? app.memory : 0,
  };
}

export function withUsage(fleet: Fleet, told: UsageEvent): Fleet {
  return {
    ...fleet,
    apps: fleet.apps.map((app) => {
      const usage = told[app.name];
      if (!usage || !isUp(app)) return app;
      if (usage.cpuUsage === app.cpu && usage.memoryUsage === app.memory) return app;
      return { ...app, cpu: usage.cpuUsage, memory: usage.memoryUsage };
    }),
  };
}

export interface Group {
  name: string;
  apps: App[];
}

const SEPARATOR = /^([^\s._:/-]{2,})[\s._:/-]+\S/;

/** Apps whose names begin alike ("mc-lobby", "mc-survival") stand together; "" are the others. */
export function grouped(apps: readonly App[]): Group[] {
  const prefixOf = (app: App) => SEPARATOR.exec(app.name)?.[1] ?? "";
  const counts = new Map<string, number>();
  for (const app of apps) counts.set(prefixOf(app), (counts.get(prefixOf(app)) ?? 0) + 1);
  const groups = new Map<string, Group>();
  for (const app of apps) {
    const prefix = prefixOf(app);
    const name = prefix && (counts.get(prefix) ?? 0) > 1 ? prefix : "";
    const group = groups.get(name) ?? { name, apps: [] };
    group.apps.push(app);
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => Number(a.name === "") - Number(b.name === ""));
}
