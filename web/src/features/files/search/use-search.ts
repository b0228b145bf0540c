import { useEffect, useRef, useState } from "react";
import { sentence } from "@/components/notify";
import type { FileFound, SearchEnd } from "@/lib/wire.gen";
import { search } from "../api";

export interface Results {
  state: "idle" | "going" | "ended" | "failed";
  found: readonly FileFound[];
  end: SearchEnd | undefined;
  error: string;
}

const NOTHING: Results = { state: "idle", found: [], end: undefined, error: "" };
const MOST = 2000;
const SHOW_EVERY_MS = 100;

/** A search beneath a folder; what is found is shown while it goes on. */
export function useSearch(app: string) {
  const [results, setResults] = useState(NOTHING);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function start(path: string, name: string, content: string): Promise<void> {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const found: FileFound[] = [];
    let shownAt = 0;
    setResults({ ...NOTHING, state: "going" });
    try {
      const query = { path, limit: MOST, ...(name && { name }), ...(content && { content }) };
      for await (const line of search(app, query, control.signal)) {
        if ("finished" in line) {
          setResults({ state: "ended", found: [...found], end: line, error: "" });
          return;
        }
        found.push(line);
        if (Date.now() - shownAt < SHOW_EVERY_MS) continue;
        shownAt = Date.now();
        setResults({ state: "going", found: [...found], end: undefined, error: "" });
      }
      setResults({ state: "ended", found, end: undefined, error: "" });
    } catch (error) {
      if (running.current !== control) return;
      const state = control.signal.aborted ? "ended" : "failed";
      setResults({ state, found, end: undefined, error: sentence(error) });
    }
  }
  const stop = () => running.current?.abort();
  return { results, start, stop };
}
