import { Menu } from "@mantine/core";
import {
  IconArrowBarToUp,
  IconCheck,
  IconClearAll,
  IconClock,
  IconDownload,
  IconSearch,
  IconTextWrap,
} from "@tabler/icons-react";
import { DotsMenu } from "@/components/dots-menu";
import { Tool } from "@/components/tool";
import { address, appPath } from "@/lib/http";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./console-bar.module.css";
import type { Console } from "./controller";

interface Props {
  console: Console;
  hasTimes: boolean;
  wraps: boolean;
  onTimes: () => void;
  onWrap: () => void;
  onSearch: () => void;
}

/** What can be done to the view of the log. */
export function ConsoleBar({ console, hasTimes, wraps, onTimes, onWrap, onSearch }: Props) {
  const link = useStore(console.view, (view) => view.link);
  return (
    <div className={classes.bar}>
      <span className={classes.link} data-link={link} role="status">
        <span className={classes.dot} aria-hidden="true" />
        {link === "live"
          ? t.console.live
          : link === "connecting"
            ? t.console.connecting
            : link === "lost"
              ? t.console.lost
              : t.console.refused}
      </span>
      <span className={classes.grow} />
      <Tool label={t.console.search} onClick={onSearch}>
        <IconSearch size={18} />
      </Tool>
      <span className={classes.wide}>
        <Tool label={t.console.first} onClick={() => void console.toStart()}>
          <IconArrowBarToUp size={18} />
        </Tool>
        <Tool label={t.console.timestamps} isOn={hasTimes} onClick={onTimes}>
          <IconClock size={18} />
        </Tool>
        <Tool label={t.console.wrap} isOn={wraps} onClick={onWrap}>
          <IconTextWrap size={18} />
        </Tool>
      </span>
      <DotsMenu label={t.console.menu} width={220} isDim>
        <Menu.Item
          className={classes.narrow}
          leftSection={<IconArrowBarToUp size={17} />}
          onClick={() => void console.toStart()}
        >
          {t.console.first}
        </Menu.Item>
        <Menu.Item
          className={classes.narrow}
          leftSection={<IconClock size={17} />}
          rightSection={hasTimes && <IconCheck size={15} />}
          onClick={onTimes}
        >
          {t.console.timestamps}
        </Menu.Item>
        <Menu.Item
          className={classes.narrow}
          leftSection={<IconTextWrap size={17} />}
          rightSection={wraps && <IconCheck size={15} />}
          onClick={onWrap}
        >
          {t.console.wrap}
        </Menu.Item>
        <Menu.Divider className={classes.narrow} />
        <Menu.Item leftSection={<IconClearAll size={17} />} onClick={() => console.clear()}>
          {t.console.clear}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconDownload size={17} />}
          component="a"
          href={address(appPath(console.name, "/console/log"), { download: "true" })}
          download
        >
          {t.console.download}
        </Menu.Item>
      </DotsMenu>
    </div>
  );
}
