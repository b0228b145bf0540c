import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Empty } from "@/components/empty";
import { sentence } from "@/components/notify";
import { t } from "@/lib/messages";

interface Props {
  icon: ReactNode;
  error: unknown;
  onRetry: () => void;
}

/** In place of what could not be loaded: why, and another try. */
export function LoadFailed({ icon, error, onRetry }: Props) {
  return (
    <Empty icon={icon} tone="bad" title={t.errors.title} text={sentence(error)}>
      <Button onClick={onRetry}>{t.actions.retry}</Button>
    </Empty>
  );
}
