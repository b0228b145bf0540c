import { Button } from "@mantine/core";
import { IconPlus, IconRocket, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Empty } from "@/components/empty";
import { NotLoaded } from "@/components/not-loaded";
import { Page } from "@/components/page";
import { AppsTable } from "@/features/apps/apps-table";
import { SelectionBar } from "@/features/apps/selection-bar";
import { Toolbar } from "@/features/apps/toolbar";
import { Totals } from "@/features/apps/totals";
import { useAppList } from "@/features/apps/use-app-list";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";

/** All apps, live. */
export function AppsPage() {
  const { isLoaded, apps } = useStore(fleet);
  const add = (
    <Button
      leftSection={<IconPlus size={18} />}
      renderRoot={(props) => <Link to="/new" {...props} />}
    >
      {t.actions.add}
    </Button>
  );
  return (
    <Page title={t.apps.title} actions={apps.length > 0 && add}>
      {!isLoaded && <NotLoaded />}
      {isLoaded && apps.length === 0 && (
        <Empty icon={<IconRocket size={28} />} title={t.apps.none} text={t.apps.noneText}>
          {add}
        </Empty>
      )}
      {apps.length > 0 && <AppList />}
    </Page>
  );
}

function AppList() {
  const list = useAppList();
  return (
    <>
      <Totals />
      <Toolbar list={list} />
      {list.shown.length > 0 ? (
        <AppsTable list={list} />
      ) : (
        <Empty icon={<IconSearch size={28} />} title={t.apps.noMatch}>
          <Button variant="default" onClick={list.clearFilter}>
            {t.apps.clearFilter}
          </Button>
        </Empty>
      )}
      <SelectionBar list={list} />
    </>
  );
}
