import { useNow } from "@/components/now";
import { duration, wholeTime } from "@/lib/format";

/** How long an app has run, ticking; nothing when it doesn't run. */
export function Uptime({ since }: { since: number }) {
  return since ? <Ticking since={since} /> : null;
}

function Ticking({ since }: { since: number }) {
  const now = useNow();
  return <time title={wholeTime(since)}>{duration(now - since)}</time>;
}
