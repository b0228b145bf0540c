import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop, IconRefresh, IconSkull } from "@tabler/icons-react";
import { useState } from "react";
import { DotsMenu } from "@/components/dots-menu";
import { KillDialog } from "@/components/kill-dialog";
import { useOperate } from "@/components/use-operate";
import type { Operation } from "@/lib/apps";
import { type App, isBusy } from "@/lib/fleet";
import { t } from "@/lib/messages";
import classes from "./app-buttons.module.css";

/** What can be done to an app; the icons alone in a list. */
export function AppButtons({ app, wide = false }: { app: App; wide?: boolean }) {
  const operate = useOperate();
  const [isAsking, setAsking] = useState(false);
  const busy = isBusy(app);
  const run = (operation: Operation) => void operate(app.name, operation);
  return (
    <div className={classes.buttons}>
      {busy ? (
        <>
          <Action
            wide={wide}
            label={t.actions.stop}
            name={app.name}
            icon={IconPlayerStop}
            onClick={() => run("TERM")}
          />
          <span className={classes.second}>
            <Action
              wide={wide}
              label={t.actions.restart}
              name={app.name}
              icon={IconRefresh}
              onClick={() => run("RESTART")}
            />
          </span>
        </>
      ) : (
        <Action
          wide={wide}
          isMain
          label={t.actions.start}
          name={app.name}
          icon={IconPlayerPlay}
          onClick={() => run("START")}
        />
      )}
      <DotsMenu label={t.apps.more(app.name)} width={180}>
        <Menu.Item
          leftSection={<IconPlayerPlay size={17} />}
          disabled={busy}
          onClick={() => run("START")}
        >
          {t.actions.start}
        </Menu.Item>
        <Menu.Item leftSection={<IconRefresh size={17} />} onClick={() => run("RESTART")}>
          {t.actions.restart}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPlayerStop size={17} />}
          disabled={!busy}
          onClick={() => run("TERM")}
        >
          {t.actions.stop}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="var(--bad)"
          leftSection={<IconSkull size={17} />}
          disabled={!busy}
          onClick={() => setAsking(true)}
        >
          {t.actions.kill}
        </Menu.Item>
      </DotsMenu>
      <KillDialog
        names={isAsking ? [app.name] : []}
        onClose={() => setAsking(false)}
        onKill={() => run("KILL")}
      />
    </div>
  );
}

interface ActionProps {
  wide: boolean;
  label: string;
  name: string;
  icon: typeof IconPlayerPlay;
  isMain?: boolean;
  onClick: () => void;
}

function Action({ wide, label, name, icon: Icon, isMain = false, onClick }: ActionProps) {
  if (wide) {
    return (
      <Button
        variant={isMain ? "filled" : "default"}
        leftSection={<Icon size={17} />}
        onClick={onClick}
      >
        {label}
      </Button>
    );
  }
  return (
    <Tooltip label={`${label} ${name}`}>
      <ActionIcon
        variant="subtle"
        color={isMain ? "petrol" : "gray"}
        size="lg"
        aria-label={`${label} ${name}`}
        onClick={onClick}
        className={isMain ? classes.main : classes.icon}
      >
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
