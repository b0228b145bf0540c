import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask } from "@/lib/http";
import { happenings } from "@/lib/live";
import { useStore } from "@/lib/store";

/** The names of all accounts; read anew when one was changed, here or elsewhere. */
export function useAccounts() {
  const queries = useQueryClient();
  const lastChange = useStore(
    happenings,
    (all) => all.find((one) => one.kind === "accounts")?.id ?? "",
  );
  useEffect(() => {
    if (lastChange) void queries.invalidateQueries({ queryKey: ["accounts"] });
  }, [queries, lastChange]);
  return useQuery({ queryKey: ["accounts"], queryFn: () => ask<string[]>("/accounts") });
}

export const createAccount = (username: string, password: string): Promise<unknown> =>
  ask("/accounts", { method: "POST", json: { username, password } });

export const renameAccount = (old: string, username: string): Promise<unknown> =>
  ask("/accounts", { method: "PATCH", query: { username: old }, json: { username } });

export const setPassword = (username: string, password: string): Promise<unknown> =>
  ask("/accounts", { method: "PATCH", query: { username }, json: { password } });

export const deleteAccount = (username: string): Promise<unknown> =>
  ask("/accounts", { method: "DELETE", query: { username } });
