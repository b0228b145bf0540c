import { Checkbox, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { AppButtons } from "@/components/app-buttons";
import { Sparkline } from "@/components/sparkline";
import { StateMark } from "@/components/state-mark";
import { Uptime } from "@/components/uptime";
import { type App, isUp } from "@/lib/fleet";
import { bytes, percent } from "@/lib/format";
import { points } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./apps-table.module.css";

interface Props {
  app: App;
  isSelected: boolean;
  onSelect: (names: readonly string[], isSelected: boolean) => void;
}

/** One app of the list. */
export const AppRow = memo(function AppRow({ app, isSelected, onSelect }: Props) {
  return (
    <tr className={classes.row} data-selected={isSelected || undefined} data-app={app.name}>
      <td className={classes.check}>
        <Checkbox
          size="xs"
          aria-label={t.apps.select(app.name)}
          checked={isSelected}
          onChange={(event) => onSelect([app.name], event.currentTarget.checked)}
        />
      </td>
      <td className={classes.name}>
        <Link to="/apps/$name" params={{ name: app.name }} title={app.name}>
          {app.name}
        </Link>
      </td>
      <td className={classes.status}>
        <StateMark state={app.state} />
        <Note app={app} />
      </td>
      <Usage app={app} />
      <td className={`${classes.wide} number`}>
        <Uptime since={app.since} />
      </td>
      <td className={classes.buttons}>
        <AppButtons app={app} />
      </td>
    </tr>
  );
});

function Note({ app }: { app: App }) {
  const text = app.toDelete ? t.apps.toDelete : app.reason;
  if (!text) return null;
  return (
    <Tooltip label={text} multiline maw={360}>
      <span className={classes.note}>{text}</span>
    </Tooltip>
  );
}

function Usage({ app }: { app: App }) {
  const recent = useStore(points, (all) => all.get(app.name)) ?? [];
  if (!isUp(app)) {
    return (
      <>
        <td className={classes.wide} />
        <td className={classes.wide} />
      </>
    );
  }
  return (
    <>
      <td className={`${classes.usage} number`}>
        <div className={classes.measure}>
          <span className={classes.figure}>{percent(app.cpu)}</span>
          <Sparkline values={recent.map((point) => point.cpu)} floor={10} />
        </div>
      </td>
      <td className={`${classes.usage} number`}>
        <div className={classes.measure}>
          <span className={classes.figure}>{bytes(app.memory)}</span>
          <Sparkline values={recent.map((point) => point.memory)} floor={app.memory * 1.25} />
        </div>
      </td>
    </>
  );
}
