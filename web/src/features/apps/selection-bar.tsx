import { Button, CloseButton } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconRefresh, IconSkull } from "@tabler/icons-react";
import { useState } from "react";
import { KillDialog } from "@/components/kill-dialog";
import { useOperate } from "@/components/use-operate";
import type { AppList } from "@/features/apps/use-app-list";
import type { Operation } from "@/lib/apps";
import { t } from "@/lib/messages";
import classes from "./selection-bar.module.css";

/** What can be done to all selected apps at once. */
export function SelectionBar({ list }: { list: AppList }) {
  const operate = useOperate();
  const [isAsking, setAsking] = useState(false);
  const names = [...list.selected];
  if (names.length === 0) return null;
  const run = (operation: Operation) => {
    for (const name of names) void operate(name, operation);
  };
  return (
    <section className={classes.bar} aria-label={t.apps.selected(names.length)}>
      <span className={classes.count}>{t.apps.selected(names.length)}</span>
      <Step icon={IconPlayerPlay} label={t.actions.start} onClick={() => run("START")} />
      <Step icon={IconPlayerStop} label={t.actions.stop} onClick={() => run("TERM")} />
      <Step icon={IconRefresh} label={t.actions.restart} onClick={() => run("RESTART")} />
      <Step icon={IconSkull} label={t.actions.kill} isBad onClick={() => setAsking(true)} />
      <CloseButton aria-label={t.apps.clearSelection} onClick={() => list.select(names, false)} />
      <KillDialog
        names={isAsking ? names : []}
        onClose={() => setAsking(false)}
        onKill={() => run("KILL")}
      />
    </section>
  );
}

interface StepProps {
  icon: typeof IconSkull;
  label: string;
  isBad?: boolean;
  onClick: () => void;
}

/** On a phone, the icon alone. */
function Step({ icon: Icon, label, isBad = false, onClick }: StepProps) {
  return (
    <Button
      variant="default"
      className={`${classes.step} ${isBad ? classes.kill : ""}`}
      leftSection={<Icon size={17} />}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <span className={classes.word}>{label}</span>
    </Button>
  );
}
