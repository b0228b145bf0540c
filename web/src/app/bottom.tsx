import { Menu, UnstyledButton } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { IconDots, IconSearch } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { pages } from "@/app/pages";
import { UserItems } from "@/app/user-menu";
import { t } from "@/lib/messages";
import classes from "./bottom.module.css";

/** Navigation of phones, in reach of the thumb. */
export function Bottom() {
  const navigate = useNavigate();
  const direct = pages.slice(0, 2);
  return (
    <nav className={classes.bar} aria-label={t.nav.label}>
      {direct.map(({ to, label, icon: Icon }) => (
        <Link key={to} to={to} className={classes.item} activeOptions={{ exact: true }}>
          <Icon size={22} stroke={1.7} aria-hidden="true" />
          {label}
        </Link>
      ))}
      <UnstyledButton className={classes.item} onClick={spotlight.open}>
        <IconSearch size={22} stroke={1.7} aria-hidden="true" />
        {t.nav.paletteShort}
      </UnstyledButton>
      <Menu position="top-end" width={230}>
        <Menu.Target>
          <UnstyledButton className={classes.item}>
            <IconDots size={22} stroke={1.7} aria-hidden="true" />
            {t.nav.more}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {pages.slice(2).map(({ to, label, icon: Icon }) => (
            <Menu.Item
              key={to}
              leftSection={<Icon size={18} />}
              onClick={() => void navigate({ to })}
            >
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <UserItems />
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
