import { useQuery } from "@tanstack/react-query";
import { address, appPath, ask, askLines, askResponse } from "@/lib/http";
import type { FileFound, FileList, SearchEnd, TreeUsage } from "@/lib/wire.gen";
import type { Step } from "./model/batches";
import { nameOf } from "./model/paths";

const OPERATIONS_AT_ONCE = 4000;
const NAMES_AT_ONCE = 90;
const LONGEST_ADDRESS = 7500;

export const folderKey = (app: string) => ["files", app] as const;

export const listFolder = (
  app: string,
  path: string,
  hasDetails = false,
  signal?: AbortSignal,
): Promise<FileList> =>
  ask<FileList>(appPath(app, "/files"), {
    query: { path, extrainfo: hasDetails ? "true" : undefined },
    ...(signal ? { signal } : {}),
  });

/** A folder's entries; those of the folder before are not shown in their place. */
export function useFolder(app: string, path: string, hasDetails: boolean) {
  return useQuery({
    queryKey: [...folderKey(app), path, hasDetails],
    queryFn: ({ signal }) => listFolder(app, path, hasDetails, signal),
    structuralSharing: false,
    staleTime: 2000,
    gcTime: 60_000,
  });
}

export const makeFolder = (app: string, path: string): Promise<unknown> =>
  ask(appPath(app, "/folder"), { method: "POST", query: { path } });

export const makeFile = (app: string, path: string): Promise<unknown> =>
  ask(appPath(app, "/file"), {
    method: "PUT",
    query: { path },
    body: "",
    headers: { "If-None-Match": "*" },
  });

/** Changes all or nothing; more than the daemon takes at once go in several parts. */
export async function applySteps(app: string, operations: readonly Step[]): Promise<void> {
  for (let i = 0; i < operations.length; i += OPERATIONS_AT_ONCE) {
    const part = operations.slice(i, i + OPERATIONS_AT_ONCE);
    await ask(appPath(app, "/files"), { method: "PATCH", json: { operations: part } });
  }
}

export const removeFile = (app: string, path: string): Promise<unknown> =>
  ask(appPath(app, "/file"), { method: "DELETE", query: { path } });

export const measure = (app: string, path: string): Promise<TreeUsage> =>
  ask<TreeUsage>(appPath(app, "/files/usage"), { query: { path } });

/** What is found, one by one; the last one tells how it ended. */
export const search = (
  app: string,
  query: { path: string; name?: string; content?: string; limit: number },
  signal: AbortSignal,
): AsyncGenerator<FileFound | SearchEnd> =>
  askLines<FileFound | SearchEnd>(appPath(app, "/files/search"), { query, signal });

export const fileAddress = (app: string, path: string): string =>
  address(appPath(app, "/file"), { path });

export const readFile = (
  app: string,
  path: string,
  options: { range?: string; method?: "HEAD"; signal?: AbortSignal } = {},
): Promise<Response> =>
  askResponse(appPath(app, "/file"), {
    query: { path },
    ...(options.method ? { method: options.method } : {}),
    ...(options.range ? { headers: { Range: options.range } } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });

/** The new file's tag. `tag` is the one that it has to have now; "" when there has to be none. */
export async function writeFile(
  app: string,
  path: string,
  body: Uint8Array<ArrayBuffer>,
  tag: string,
): Promise<string> {
  const response = await askResponse(appPath(app, "/file"), {
    method: "PUT",
    query: { path },
    body,
    headers: tag ? { "If-Match": tag } : { "If-None-Match": "*" },
  });
  return response.headers.get("ETag") ?? "";
}

/**
 * Lets the browser download one file, or several things of a folder as a zip; `false` when those
 * are too many. A ticket is asked for first: by that an ended session is renewed, not downloaded.
 */
export async function download(
  app: string,
  folder: string,
  names: readonly string[],
  isOneFile: boolean,
): Promise<boolean> {
  const [first = ""] = names;
  const { ticket } = await ask<{ ticket: string }>("/ott");
  const path = `${folder === "/" ? "" : folder}/${first}`;
  const href = isOneFile
    ? address(appPath(app, "/file"), { path, ticket })
    : address(appPath(app, "/files/download"), { path: folder, name: names, ticket });
  if (names.length > NAMES_AT_ONCE || href.length > LONGEST_ADDRESS) return false;
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.download = isOneFile ? nameOf(path) : "";
  anchor.click();
  return true;
}
