import { Button, VisuallyHidden } from "@mantine/core";
import { IconDeviceLaptop, IconDeviceMobile, IconTerminal2 } from "@tabler/icons-react";
import { useNow } from "@/components/now";
import table from "@/components/table.module.css";
import tag from "@/components/tag.module.css";
import { duration, moment, wholeTime } from "@/lib/format";
import { t } from "@/lib/messages";
import type { Session } from "@/lib/wire.gen";
import { deviceOf } from "./device";
import classes from "./sessions-page.module.css";

const JUST_NOW_MS = 60_000;
const REDRAW_MS = 20_000;
const ICONS = { computer: IconDeviceLaptop, phone: IconDeviceMobile, program: IconTerminal2 };

interface Props {
  sessions: Session[];
  /** Whose they are is shown, too. */
  withNames: boolean;
  onEnd: (session: Session) => void;
}

/** Sessions as rows, cards on a phone. */
export function SessionTable({ sessions, withNames, onEnd }: Props) {
  const now = useNow(REDRAW_MS);
  const currentFirst = [...sessions].sort((a, b) => Number(b.current) - Number(a.current));
  return (
    <table className={`${table.table} ${classes.sessions}`}>
      <thead>
        <tr>
          <th>{t.sessions.device}</th>
          {withNames && <th>{t.sessions.account}</th>}
          <th>{t.sessions.lastUsed}</th>
          <th>{t.sessions.address}</th>
          <th>{t.sessions.created}</th>
          <th>
            <VisuallyHidden>{t.sessions.end}</VisuallyHidden>
          </th>
        </tr>
      </thead>
      <tbody>
        {currentFirst.map((one) => (
          <Row key={one.id} session={one} withName={withNames} now={now} onEnd={onEnd} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  session: Session;
  withName: boolean;
  now: number;
  onEnd: (session: Session) => void;
}

function Row({ session, withName, now, onEnd }: RowProps) {
  const device = deviceOf(session.userAgent ?? "");
  const label = device.label || t.sessions.unknown;
  const Icon = ICONS[device.kind];
  return (
    <tr data-session={session.id} data-current={session.current || undefined}>
      <td className={classes.device}>
        <span className={classes.what}>
          <Icon size={20} stroke={1.6} aria-hidden="true" />
          <span className={classes.label} title={session.userAgent}>
            {label}
          </span>
          {session.current && <span className={tag.tag}>{t.sessions.current}</span>}
        </span>
      </td>
      {withName && (
        <td className={classes.name} title={session.username}>
          {session.username}
        </td>
      )}
      <td className={`${classes.quiet} number`} title={wholeTime(session.lastUsed)}>
        {used(session, now)}
      </td>
      <td className={`${classes.quiet} number`}>{session.address}</td>
      <td
        className={`${classes.quiet} ${classes.created} number`}
        title={wholeTime(session.created)}
      >
        {moment(session.created, now)}
      </td>
      <td className={classes.end}>
        {!session.current && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t.sessions.endOf(label, session.address ?? "")}
            onClick={() => onEnd(session)}
          >
            {t.sessions.end}
          </Button>
        )}
      </td>
    </tr>
  );
}

function used({ current, lastUsed }: Session, now: number): string {
  const ago = now - lastUsed;
  return current || ago < JUST_NOW_MS ? t.sessions.justNow : t.sessions.ago(duration(ago));
}
