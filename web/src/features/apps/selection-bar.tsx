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
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={17} />}
        onClick={() => run("START")}
      >
        {t.actions.start}
      </Button>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={17} />}
        onClick={() => run("TERM")}
      >
        {t.actions.stop}
      </Button>
      <Button
        variant="default"
        leftSection={<IconRefresh size={17} />}
        onClick={() => run("RESTART")}
      >
        {t.actions.restart}
      </Button>
      <Button
        variant="default"
        className={classes.kill}
        leftSection={<IconSkull size={17} />}
        onClick={() => setAsking(true)}
      >
        {t.actions.kill}
      </Button>
      <CloseButton aria-label={t.apps.clearSelection} onClick={() => list.select(names, false)} />
      <KillDialog
        names={isAsking ? names : []}
        onClose={() => setAsking(false)}
        onKill={() => run("KILL")}
      />
    </section>
  );
}
