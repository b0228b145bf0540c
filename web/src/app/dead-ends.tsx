import { Button } from "@mantine/core";
import { IconCompassOff, IconMoodConfuzed } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "@/components/empty";
import { t } from "@/lib/messages";

/** No page at this address. */
export function NotFound() {
  return (
    <Empty isPage icon={<IconCompassOff />} title={t.errors.notFound} text={t.errors.notFoundText}>
      <Button renderRoot={(props) => <Link to="/" {...props} />}>{t.errors.toApps}</Button>
    </Empty>
  );
}

/** A fault of the page itself. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Empty
      isPage
      icon={<IconMoodConfuzed />}
      tone="bad"
      title={t.errors.unexpected}
      text={error instanceof Error ? error.message : undefined}
    >
      <Button onClick={() => window.location.reload()}>{t.errors.reload}</Button>
    </Empty>
  );
}
