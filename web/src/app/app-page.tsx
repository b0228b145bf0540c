import { Button, Loader } from "@mantine/core";
import { IconGhost } from "@tabler/icons-react";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense, useState } from "react";
import { AppHeader } from "@/app/app-header";
import { type TabName, tabs } from "@/app/app-tabs";
import { Empty } from "@/components/empty";
import { NotLoaded } from "@/components/not-loaded";
import { useTitle } from "@/components/page";
import type { App } from "@/lib/fleet";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./app-page.module.css";

/** What each tab is given. */
export interface TabProps {
  app: App;
  isShown: boolean;
  /** A moment of the console to go to, in milliseconds. */
  at: number | undefined;
}

const views: Record<TabName, ComponentType<TabProps>> = {
  console: lazy(async () => ({
    default: (await import("@/features/console/console-tab")).ConsoleTab,
  })),
  files: lazy(async () => ({ default: (await import("@/features/files/files-tab")).FilesTab })),
  usage: lazy(async () => ({ default: (await import("@/features/usage/usage-tab")).UsageTab })),
  activity: lazy(async () => ({
    default: (await import("@/features/activity/activity-tab")).ActivityTab,
  })),
  settings: lazy(async () => ({
    default: (await import("@/features/settings/settings-tab")).SettingsTab,
  })),
};

/** One app, with its parts in tabs. */
export function AppPage() {
  const { name } = useParams({ from: "/apps/$name" });
  const { isLoaded, apps } = useStore(fleet);
  const app = apps.find((each) => each.name === name);
  useTitle(name);
  if (app) return <Tabs key={name} app={app} />;
  if (!isLoaded) return <NotLoaded />;
  return (
    <Empty isPage icon={<IconGhost size={28} />} title={t.app.gone} text={t.app.goneText}>
      <Button renderRoot={(props) => <Link to="/" {...props} />}>{t.errors.toApps}</Button>
    </Empty>
  );
}

/** Tabs that were open stay as they are while another is shown. */
function Tabs({ app }: { app: App }) {
  const params = useParams({ strict: false });
  const { at } = useSearch({ from: "/apps/$name" });
  const shown = tabs.find((tab) => tab === params.tab) ?? "console";
  const [opened, setOpened] = useState<readonly TabName[]>([shown]);
  if (!opened.includes(shown)) setOpened([...opened, shown]);
  return (
    <div className={classes.page}>
      <AppHeader app={app} />
      {opened.map((tab) => {
        const View = views[tab];
        const isShown = tab === shown;
        return (
          <section
            key={tab}
            className={classes.tab}
            hidden={!isShown}
            aria-label={t.app.tabs[tab]}
            tabIndex={tab === "console" ? undefined : 0}
          >
            <Suspense fallback={<Loader mx="auto" mt={96} display="block" />}>
              <View app={app} isShown={isShown} at={at} />
            </Suspense>
          </section>
        );
      })}
    </div>
  );
}
