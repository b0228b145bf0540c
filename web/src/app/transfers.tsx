import { lazy, Suspense } from "react";
import { useStore } from "@/lib/store";
import { hasTransfers } from "@/lib/transfers";

const Panel = lazy(async () => ({
  default: (await import("@/features/files/uploads/queue-panel")).QueuePanel,
}));

/** Uploads and archives go on whatever page is shown. */
export function Transfers() {
  const areThere = useStore(hasTransfers);
  return <Suspense fallback={null}>{areThere && <Panel />}</Suspense>;
}
