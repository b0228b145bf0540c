import {
  IconAdjustments,
  IconApps,
  IconDevices,
  IconHistory,
  IconInfoCircle,
  IconUsers,
} from "@tabler/icons-react";
import { t } from "@/lib/messages";

export interface PageEntry {
  to: "/" | "/accounts" | "/sessions" | "/config" | "/log" | "/about";
  label: string;
  icon: typeof IconApps;
}

/** The pages of the navigation and of the palette. */
export const pages: PageEntry[] = [
  { to: "/", label: t.nav.apps, icon: IconApps },
  { to: "/log", label: t.nav.log, icon: IconHistory },
  { to: "/accounts", label: t.nav.accounts, icon: IconUsers },
  { to: "/sessions", label: t.nav.sessions, icon: IconDevices },
  { to: "/config", label: t.nav.config, icon: IconAdjustments },
  { to: "/about", label: t.nav.about, icon: IconInfoCircle },
];
