import { happenings } from "@/lib/live";
import { useStore } from "@/lib/store";
import { changes } from "./changes";

/** Names the newest change to the app's files, by this page or by anybody; "" before the first. */
export function useLastChange(app: string): string {
  const here = useStore(changes, (last) => (last.app === app ? last.count : 0));
  const there = useStore(happenings, (all) => all.find((one) => isChange(one, app))?.id ?? "");
  return here || there ? `${here} ${there}` : "";
}

function isChange(one: { kind: string; app: string; data: { action?: string } }, app: string) {
  const action = one.data.action ?? "";
  return (
    one.kind === "action" &&
    one.app === app &&
    action.startsWith("server.files.") &&
    action !== "server.files.download"
  );
}
