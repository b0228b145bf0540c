import { useRef, useState } from "react";
import { appPath, ask } from "@/lib/http";
import type { LogPage } from "@/lib/wire.gen";

const PAGE = 200;

export interface Search {
  query: string;
  /** The newest first. */
  lines: LogPage["lines"];
  hasMore: boolean;
  isBusy: boolean;
  error: unknown;
  start: (query: string) => void;
  more: () => void;
}

const NOTHING = {
  query: "",
  lines: [] as LogPage["lines"],
  until: undefined as number | undefined,
  isBusy: false,
  error: null as unknown,
};

/** A search of the whole log, from its end backwards, page by page. */
export function useSearch(app: string): Search {
  const [state, setState] = useState(NOTHING);
  const turn = useRef(0);

  async function run(
    query: string,
    found: LogPage["lines"],
    from: number | undefined,
  ): Promise<void> {
    turn.current += 1;
    const mine = turn.current;
    let lines = found;
    let until = from;
    setState({ query, lines, until, isBusy: true, error: null });
    try {
      // A page may be empty because the search ran out of time: then it goes on by itself.
      do {
        const page = await ask<LogPage>(appPath(app, "/console/log"), {
          query: { grep: query, limit: PAGE, until },
        });
        if (mine !== turn.current) return;
        lines = [...lines, ...page.lines.toReversed()];
        until = page.previous;
      } while (until !== undefined && lines.length === found.length);
      setState({ query, lines, until, isBusy: false, error: null });
    } catch (error) {
      if (mine === turn.current) setState({ query, lines, until, isBusy: false, error });
    }
  }

  return {
    ...state,
    hasMore: state.until !== undefined,
    start: (query) => {
      if (query) void run(query, [], undefined);
      else setState(NOTHING);
    },
    more: () => void run(state.query, state.lines, state.until),
  };
}
