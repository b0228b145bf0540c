import { Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import {
  IconCheck,
  IconDeviceLaptop,
  IconLogout,
  IconMoon,
  IconSelector,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { failed } from "@/components/notify";
import { ask } from "@/lib/http";
import { t } from "@/lib/messages";
import { session } from "@/lib/session";
import { useStore } from "@/lib/store";
import classes from "./user-menu.module.css";

const SCHEMES = [
  { value: "auto", label: t.colours.auto, icon: IconDeviceLaptop },
  { value: "light", label: t.colours.light, icon: IconSun },
  { value: "dark", label: t.colours.dark, icon: IconMoon },
] as const;

/** Who is signed in, and what belongs to them. */
export function UserMenu() {
  const user = useStore(session, (value) => value.user);
  return (
    <Menu position="top-start" width={212}>
      <Menu.Target>
        <UnstyledButton className={classes.user}>
          <IconUserCircle size={20} stroke={1.7} />
          <span className={classes.name}>{user || t.nav.more}</span>
          <IconSelector size={16} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <UserItems />
      </Menu.Dropdown>
    </Menu>
  );
}

/** The menu's entries; a phone shows them in its own menu. */
export function UserItems() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu.Label>{t.colours.label}</Menu.Label>
      {SCHEMES.map(({ value, label, icon: Icon }) => (
        <Menu.Item
          key={value}
          leftSection={<Icon size={18} />}
          rightSection={colorScheme === value ? <IconCheck size={16} /> : null}
          onClick={() => setColorScheme(value)}
          aria-current={colorScheme === value}
        >
          {label}
        </Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Item leftSection={<IconLogout size={18} />} onClick={() => void signOut()}>
        {t.actions.signOut}
      </Menu.Item>
    </>
  );
}

async function signOut(): Promise<void> {
  try {
    await ask("/logout", { method: "POST", asStranger: true });
  } catch (error) {
    failed(error);
    return;
  }
  window.location.assign("/"); // nothing of the old session stays in this page
}
