import { Kbd, UnstyledButton } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { pages } from "@/app/pages";
import { UserMenu } from "@/app/user-menu";
import { Logo } from "@/components/logo";
import { StateMark } from "@/components/state-mark";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./sidebar.module.css";

/** Navigation of wide screens, with all apps at hand. */
export function Sidebar() {
  return (
    <aside className={classes.side}>
      <Link to="/" className={classes.brand}>
        <Logo />
        <span>{t.product}</span>
      </Link>
      <UnstyledButton className={classes.search} onClick={spotlight.open}>
        <IconSearch size={16} />
        <span className={classes.grow}>{t.nav.paletteShort}</span>
        <Kbd size="xs">Ctrl K</Kbd>
      </UnstyledButton>
      <nav aria-label={t.nav.label} className={classes.nav}>
        {pages.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} className={classes.link} activeOptions={{ exact: true }}>
            <Icon size={19} stroke={1.7} aria-hidden="true" />
            {label}
          </Link>
        ))}
      </nav>
      <AppLinks />
      <UserMenu />
    </aside>
  );
}

function AppLinks() {
  const apps = useStore(fleet, (value) => value.apps);
  return (
    <nav aria-label={t.nav.apps} className={classes.apps}>
      {apps.length > 0 && <div className={classes.heading}>{t.nav.apps}</div>}
      {apps.map((app) => (
        <Link
          key={app.name}
          to="/apps/$name"
          params={{ name: app.name }}
          className={classes.link}
          title={app.name}
        >
          <StateMark state={app.state} bare />
          <span className={classes.name}>{app.name}</span>
        </Link>
      ))}
    </nav>
  );
}
