import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { normal, parentOf, ROOT } from "./model/paths";

/** Where in the files the page is. */
export interface Place {
  folder: string;
  /** The file that is open, or "". */
  file: string;
  line: number;
}

export interface FilesAddress {
  path?: string;
  file?: string;
  line?: number;
}

const START: Place = { folder: ROOT, file: "", line: 0 };

function placeOf(search: FilesAddress): Place {
  const file = search.file === undefined ? "" : normal(search.file);
  const folder = file ? parentOf(file) : normal(search.path ?? ROOT);
  return { folder, file, line: search.line ?? 0 };
}

const isSame = (a: Place, b: Place): boolean =>
  a.folder === b.folder && a.file === b.file && a.line === b.line;

/** The place is in the address; another tab has none, and coming back finds the one of before. */
export function usePlace(app: string, isShown: boolean): [Place, (to: FilesAddress) => void] {
  const { path, file, line }: FilesAddress = useSearch({ strict: false });
  const navigate = useNavigate();
  const [last, setLast] = useState(START);
  const isGiven = isShown && (path !== undefined || file !== undefined);
  const now = isGiven
    ? placeOf({ ...(path && { path }), ...(file && { file }), ...(line && { line }) })
    : last;
  if (!isSame(now, last)) setLast(now);
  const go = useCallback(
    (to: FilesAddress, replace = false) =>
      void navigate({
        to: "/apps/$name/$tab",
        params: { name: app, tab: "files" },
        search: to,
        replace,
      }),
    [navigate, app],
  );
  useEffect(() => {
    // Also at the start: going back is to find the folder that was shown.
    if (isShown && !isGiven) go(last.file ? { file: last.file } : { path: last.folder }, true);
  }, [isShown, isGiven, last, go]);
  return [now, go];
}

/** The address of a folder or file, for links. */
export function hrefOf(app: string, to: FilesAddress): string {
  const fields = new URLSearchParams();
  if (to.path !== undefined) fields.set("path", to.path);
  if (to.file !== undefined) fields.set("file", to.file);
  return `/apps/${encodeURIComponent(app)}/files?${fields}`;
}
