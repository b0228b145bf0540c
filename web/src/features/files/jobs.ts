/** Archives that are being made or unpacked. */

import { sentence } from "@/components/notify";
import { ApiError, appPath, ask } from "@/lib/http";
import { recall, remember } from "@/lib/storage";
import { Store } from "@/lib/store";
import { setTransfers } from "@/lib/transfers";
import type { JobState } from "@/lib/wire.gen";
import { touched } from "./changes";

export interface Job {
  token: string;
  app: string;
  kind: "compress" | "decompress";
  /** The archive. */
  name: string;
  state: "going" | "done" | "failed" | "ended";
  progress: JobState | null;
  error: string;
}

const EVERY_MS = 600;
const KEY = "jobs";

export const jobs = new Store<readonly Job[]>([]);

/** Follow those that went on over a reload. */
export function restoreJobs(): void {
  if (jobs.get().length > 0) return;
  for (const job of recall<Job[]>(KEY, [])) follow(job);
}

export async function pack(
  app: string,
  folder: string,
  names: readonly string[],
  archive: string,
  format: { type: string; compress: string },
): Promise<void> {
  const query = {
    path: archive,
    basePath: folder,
    archiveType: format.type,
    compress: format.compress,
    async: "true",
  };
  const { token } = await ask<{ token: string }>(appPath(app, "/compress"), {
    method: "POST",
    query,
    json: names,
  });
  follow(newJob(token, app, "compress", archive));
}

export async function unpack(app: string, archive: string, folder: string): Promise<void> {
  const { token } = await ask<{ token: string }>(appPath(app, "/decompress"), {
    method: "POST",
    query: { path: archive, async: "true" },
    body: folder,
  });
  follow(newJob(token, app, "decompress", archive));
}

export async function cancelJob(job: Job): Promise<void> {
  try {
    await ask(jobPath(job), { method: "DELETE", query: { token: job.token } });
    change(job.token, { state: "ended" });
    touched(job.app);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // else it had just ended by itself
  }
}

export function clearJobs(): void {
  put(jobs.get().filter((job) => job.state === "going"));
}

const jobPath = (job: Job): string => appPath(job.app, `/${job.kind}`);

function newJob(token: string, app: string, kind: Job["kind"], name: string): Job {
  return { token, app, kind, name, state: "going", progress: null, error: "" };
}

function put(all: readonly Job[]): void {
  jobs.set(all);
  remember(
    KEY,
    all.filter((job) => job.state === "going"),
  );
  if (all.length > 0) setTransfers(true);
}

function change(token: string, part: Partial<Job>): void {
  put(jobs.get().map((job) => (job.token === token ? { ...job, ...part } : job)));
}

function follow(job: Job): void {
  put([...jobs.get(), job]);
  void watch(job);
}

async function watch(job: Job): Promise<void> {
  const isGoing = () => jobs.get().some((j) => j.token === job.token && j.state === "going");
  while (isGoing()) {
    try {
      const progress = await ask<JobState>(jobPath(job), { query: { token: job.token } });
      if (!isGoing()) return;
      change(job.token, { progress, ...(progress.finished ? { state: "done" } : {}) });
    } catch (error) {
      // The daemon may be away for a moment; its restart ends jobs, and says so.
      if (error instanceof ApiError && isGoing()) {
        change(job.token, { state: "failed", error: sentence(error) });
      }
    }
    if (!isGoing()) touched(job.app);
    else await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
