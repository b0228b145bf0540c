import { IconChevronLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { tabs } from "@/app/app-tabs";
import { AppButtons } from "@/components/app-buttons";
import { StateMark } from "@/components/state-mark";
import { Uptime } from "@/components/uptime";
import { type App, isUp } from "@/lib/fleet";
import { bytes, percent } from "@/lib/format";
import { t } from "@/lib/messages";
import classes from "./app-header.module.css";

/** Which app this is, how it is, and what can be done: always in sight. */
export function AppHeader({ app }: { app: App }) {
  const note = app.toDelete ? t.apps.toDelete : app.reason;
  return (
    <header className={classes.head}>
      <div className={classes.top}>
        <Link to="/" className={classes.back} aria-label={t.errors.toApps}>
          <IconChevronLeft size={22} />
        </Link>
        <h1 className={classes.name} title={app.name}>
          {app.name}
        </h1>
        <StateMark state={app.state} />
        {note && (
          <span className={classes.note} title={note}>
            {note}
          </span>
        )}
        <span className={classes.grow} />
        {isUp(app) && <Facts app={app} />}
        <span className={classes.wideButtons}>
          <AppButtons app={app} wide />
        </span>
        <span className={classes.narrowButtons}>
          <AppButtons app={app} />
        </span>
      </div>
      <nav className={classes.tabs} aria-label={t.app.tabsLabel}>
        {tabs.map((tab) => (
          <Link
            key={tab}
            to="/apps/$name/$tab"
            params={{ name: app.name, tab }}
            className={classes.tab}
          >
            {t.app.tabs[tab]}
          </Link>
        ))}
      </nav>
    </header>
  );
}

function Facts({ app }: { app: App }) {
  return (
    <dl className={`${classes.facts} number`}>
      <div>
        <dt>{t.apps.cpu}</dt>
        <dd>{percent(app.cpu)}</dd>
      </div>
      <div>
        <dt>{t.apps.memory}</dt>
        <dd>{bytes(app.memory)}</dd>
      </div>
      <div>
        <dt>{t.apps.uptime}</dt>
        <dd>
          <Uptime since={app.since} />
        </dd>
      </div>
    </dl>
  );
}
