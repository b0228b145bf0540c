import { useQuery } from "@tanstack/react-query";
import { ApiError } from "@/lib/http";
import { readFile } from "../api";

export interface FileHead {
  size: number;
  type: string;
  tag: string;
}

/** What a file is, without its content. */
export async function headOf(app: string, path: string): Promise<FileHead> {
  const response = await readFile(app, path, { method: "HEAD" });
  return {
    size: Number(response.headers.get("Content-Length") ?? 0),
    type: response.headers.get("Content-Type") ?? "",
    tag: response.headers.get("ETag") ?? "",
  };
}

export function useFileHead(app: string, path: string) {
  return useQuery({
    queryKey: ["file", app, path],
    queryFn: () => headOf(app, path),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 404 || error.status === 400);

export interface Content {
  bytes: Uint8Array;
  tag: string;
}

export async function contentOf(app: string, path: string): Promise<Content> {
  const response = await readFile(app, path);
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    tag: response.headers.get("ETag") ?? "",
  };
}
