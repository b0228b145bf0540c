import { Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import {
  IconPlayerPlay,
  IconPlayerStop,
  IconPlus,
  IconRefresh,
  IconSearch,
  IconTerminal2,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { pages } from "@/app/pages";
import { StateMark } from "@/components/state-mark";
import { useOperate } from "@/components/use-operate";
import { type App, isBusy } from "@/lib/fleet";
import { fleet } from "@/lib/live";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";

const MOST = 12;

/** Ctrl-K: every app, page and action by typing. */
export function Palette() {
  const apps = useStore(fleet, (value) => value.apps);
  const navigate = useNavigate();
  const operate = useOperate();
  const groups = useMemo<SpotlightActionGroupData[]>(
    () => [
      {
        group: t.palette.apps,
        actions: apps.map((app) => ({
          id: `app ${app.name}`,
          label: app.name,
          leftSection: <IconTerminal2 size={20} stroke={1.6} />,
          rightSection: <StateMark state={app.state} />,
          onClick: () => void navigate({ to: "/apps/$name", params: { name: app.name } }),
        })),
      },
      {
        group: t.palette.pages,
        actions: pages.map(({ to, label, icon: Icon }) => ({
          id: `page ${to}`,
          label,
          leftSection: <Icon size={20} stroke={1.6} />,
          onClick: () => void navigate({ to }),
        })),
      },
      {
        group: t.palette.actions,
        actions: [
          {
            id: "add",
            label: t.actions.add,
            leftSection: <IconPlus size={20} stroke={1.6} />,
            onClick: () => void navigate({ to: "/new" }),
          },
          ...apps.flatMap((app) => operationsOf(app, operate)),
        ],
      },
    ],
    [apps, navigate, operate],
  );
  return (
    <Spotlight
      title={t.nav.palette}
      classNames={{ header: "only-read" }}
      actions={groups}
      shortcut={["mod + K"]}
      tagsToIgnore={[]}
      limit={MOST}
      scrollable
      maxHeight={420}
      highlightQuery
      nothingFound={t.palette.nothing}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: t.palette.placeholder,
        "aria-label": t.palette.placeholder,
      }}
    />
  );
}

function operationsOf(app: App, operate: ReturnType<typeof useOperate>) {
  const icon = { size: 20, stroke: 1.6 };
  if (!isBusy(app)) {
    return [
      {
        id: `start ${app.name}`,
        label: `${t.actions.start} ${app.name}`,
        leftSection: <IconPlayerPlay {...icon} />,
        onClick: () => operate(app.name, "START"),
      },
    ];
  }
  return [
    {
      id: `stop ${app.name}`,
      label: `${t.actions.stop} ${app.name}`,
      leftSection: <IconPlayerStop {...icon} />,
      onClick: () => operate(app.name, "TERM"),
    },
    {
      id: `restart ${app.name}`,
      label: `${t.actions.restart} ${app.name}`,
      leftSection: <IconRefresh {...icon} />,
      onClick: () => operate(app.name, "RESTART"),
    },
  ];
}
