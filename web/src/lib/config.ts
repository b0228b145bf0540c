/** The config file: read, written. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask, askText } from "@/lib/http";
import { happenings } from "@/lib/live";
import { useStore } from "@/lib/store";

/** The file's text; read anew when the daemon says that it has changed. */
export function useConfigText() {
  const queries = useQueryClient();
  const lastChange = useStore(
    happenings,
    (all) => all.find((one) => one.kind === "config")?.id ?? "",
  );
  useEffect(() => {
    if (lastChange) void queries.invalidateQueries({ queryKey: ["config"] });
  }, [queries, lastChange]);
  return useQuery({ queryKey: ["config"], queryFn: () => askText("/config"), staleTime: 60_000 });
}

export async function saveConfig(text: string): Promise<void> {
  await ask("/config", { method: "PATCH", body: text });
}

export async function reloadConfig(): Promise<void> {
  await ask("/config/reload", { method: "POST" });
}
