/** The only place that fetches. */

import { askForSignIn, signInCount } from "@/lib/session";

/** An answer that isn't a success; `message` is a sentence for the user. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly reason = "",
    readonly retryAfterS = 0,
  ) {
    super(message);
  }
}

/** The daemon can't be reached at all. */
export class OfflineError extends Error {}

export interface Ask {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A list stands for the same field several times. */
  query?: Record<string, string | number | readonly string[] | undefined>;
  json?: unknown;
  body?: string | Blob | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Don't wait for a new sign-in when the session has ended. */
  asStranger?: boolean;
}

/** The address of a route, on the dashboard's own origin. */
export function address(path: string, query: Ask["query"] = {}): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value) fields.append(name, each);
    else if (value !== undefined) fields.set(name, String(value));
  }
  const text = fields.toString();
  return `/api${path}${text ? `?${text}` : ""}`;
}

/** The path of an app's routes. */
export function appPath(name: string, rest = ""): string {
  return `/server/${encodeURIComponent(name)}${rest}`;
}

/** Ask the API; an ended session waits for the sign-in and asks again, so that nothing is lost. */
export async function ask<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await askResponse(path, options);
  return (await response.json()) as T;
}

/** The same, for answers that are text. */
export async function askText(path: string, options: Ask = {}): Promise<string> {
  return (await askResponse(path, options)).text();
}

/** The same, for answers that come in lines of JSON: each as soon as it is there. */
export async function* askLines<T>(path: string, options: Ask = {}): AsyncGenerator<T> {
  const response = await askResponse(path, options);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield JSON.parse(line) as T;
  }
}

/** The same, for those who need the headers, or the bytes. */
export async function askResponse(path: string, options: Ask = {}): Promise<Response> {
  for (;;) {
    const before = signInCount();
    const response = await once(path, options);
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.status !== 401 || options.asStranger) throw problem;
    await askForSignIn(before);
  }
}

async function once(path: string, options: Ask): Promise<Response> {
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  try {
    return await fetch(address(path, options.query), {
      method: options.method ?? "GET",
      headers: options.headers ?? {},
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError("The daemon can't be reached.");
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  let told: { error?: unknown; reason?: unknown } = {};
  try {
    told = await response.json();
  } catch {
    // A proxy in between answers with a page of its own.
  }
  const message =
    typeof told.error === "string" ? told.error : `The answer was ${response.status}.`;
  const reason = typeof told.reason === "string" ? told.reason : "";
  return new ApiError(
    response.status,
    message,
    reason,
    Number(response.headers.get("Retry-After") ?? 0),
  );
}
