import { Button, Loader } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { Empty } from "@/components/empty";
import { problem, stream } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";

/** While nothing is known of the apps yet: it takes a moment, or the daemon is away. */
export function NotLoaded() {
  const text = useStore(problem);
  if (!text) return <Loader aria-label="…" mx="auto" mt={96} display="block" />;
  return (
    <Empty icon={<IconPlugConnectedX size={28} />} tone="bad" title={text} text={t.errors.offline}>
      <Button onClick={stream.now}>{t.actions.retry}</Button>
    </Empty>
  );
}
