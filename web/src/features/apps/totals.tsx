import { Progress } from "@mantine/core";
import { isUp } from "@/lib/fleet";
import { bytes, percent } from "@/lib/format";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./totals.module.css";

/** What all apps of the machine use together. */
export function Totals() {
  const { apps, totalMemory } = useStore(fleet);
  const up = apps.filter(isUp);
  const cpu = up.reduce((sum, app) => sum + app.cpu, 0);
  const memory = up.reduce((sum, app) => sum + app.memory, 0);
  const share = totalMemory ? (memory / totalMemory) * 100 : 0;
  return (
    <dl className={classes.totals}>
      <div>
        <dt>{t.apps.totals.apps}</dt>
        <dd>
          {up.length}
          <small>{t.apps.ofTotal(String(apps.length))}</small>
        </dd>
      </div>
      <div>
        <dt>{t.apps.totals.cpu}</dt>
        <dd>
          {percent(cpu)}
          <small>{t.apps.totals.cores}</small>
        </dd>
      </div>
      <div className={classes.memory}>
        <dt>{t.apps.totals.memory}</dt>
        <dd>
          {bytes(memory)}
          <small>{t.apps.ofTotal(bytes(totalMemory))}</small>
          <Progress
            value={Math.min(100, share)}
            size={4}
            mt={8}
            aria-label={t.apps.totals.memory}
          />
        </dd>
      </div>
    </dl>
  );
}
