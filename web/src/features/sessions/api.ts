import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask } from "@/lib/http";
import { happenings } from "@/lib/live";
import { useStore } from "@/lib/store";
import type { Sessions } from "@/lib/wire.gen";

const CHANGES = new Set(["auth.login", "auth.logout", "sessions.end"]);

/** One's own sessions, or all; read anew when one began or ended, here or elsewhere. */
export function useSessions(all: boolean) {
  const queries = useQueryClient();
  const lastChange = useStore(
    happenings,
    (happened) =>
      happened.find((one) => one.kind === "accounts" || CHANGES.has(one.data.action ?? ""))?.id ??
      "",
  );
  useEffect(() => {
    if (lastChange) void queries.invalidateQueries({ queryKey: ["sessions"] });
  }, [queries, lastChange]);
  return useQuery({
    queryKey: ["sessions", all],
    queryFn: async () =>
      (await ask<Sessions>("/sessions", { query: { all: all ? "true" : undefined } })).sessions,
  });
}

export const endSession = (id: string): Promise<unknown> =>
  ask("/sessions", { method: "DELETE", query: { id } });

export const endOthers = (): Promise<unknown> =>
  ask("/sessions", { method: "DELETE", query: { others: "true" } });
