import { Button, Loader } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowDown, IconBan, IconTerminal2 } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { Empty } from "@/components/empty";
import { type App, isUp } from "@/lib/fleet";
import { t } from "@/lib/messages";
import { recall, remember } from "@/lib/storage";
import { useStore } from "@/lib/store";
import { CommandLine } from "./command-line";
import { ConsoleBar } from "./console-bar";
import classes from "./console-tab.module.css";
import { Console } from "./controller";
import { LogView } from "./log-view";
import { SearchPanel } from "./search-panel";

interface Props {
  app: App;
  isShown: boolean;
  /** A moment (milliseconds) to go to. */
  at: number | undefined;
}

/** An app's console: all that it ever printed, and what it prints now. */
export function ConsoleTab({ app, isShown, at }: Props) {
  const console = useConsole(app.name, at);
  const [hasTimes, setTimes] = useSetting("console-times", false);
  const [wraps, setWraps] = useSetting("console-wrap", true);
  const [isSearching, setSearching] = useState(false);
  const [find, setFind] = useState("");
  useHotkeys(isShown ? [["mod+F", () => setSearching(true)]] : [], []);
  const closeSearch = () => {
    setSearching(false);
    setFind("");
  };
  return (
    <div className={classes.tab}>
      <div className={classes.main}>
        <ConsoleBar
          console={console}
          hasTimes={hasTimes}
          wraps={wraps}
          onTimes={() => setTimes(!hasTimes)}
          onWrap={() => setWraps(!wraps)}
          onSearch={() => (isSearching ? closeSearch() : setSearching(true))}
        />
        <LogView console={console} hasTimes={hasTimes} wraps={wraps} find={find} />
        <Over console={console} />
        <CommandLine console={console} isUp={isUp(app)} />
      </div>
      {isSearching && <SearchPanel console={console} onFind={setFind} onClose={closeSearch} />}
    </div>
  );
}

function useConsole(name: string, at: number | undefined): Console {
  const console = useMemo(() => new Console(name), [name]);
  useEffect(() => {
    console.open();
    return () => console.close();
  }, [console]);
  useEffect(() => {
    if (at) void console.toTime(at);
  }, [console, at]);
  return console;
}

function useSetting(key: string, fallback: boolean): [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(() => recall(key, fallback));
  return [
    value,
    (after) => {
      setValue(after);
      remember(key, after);
    },
  ];
}

/** What stands over the lines: the way back to the newest, or why there are none. */
function Over({ console }: { console: Console }) {
  const view = useStore(console.view);
  const isEmpty = console.log.count === 0;
  return (
    <div className={classes.over}>
      {isEmpty && view.link === "connecting" && <Loader className={classes.centre} />}
      {view.link === "refused" && (
        <div className={classes.centre}>
          <Empty
            icon={<IconBan size={28} />}
            tone="bad"
            title={t.console.refused}
            text={view.refusal}
          >
            <Button onClick={() => console.open()}>{t.actions.retry}</Button>
          </Empty>
        </div>
      )}
      {isEmpty && view.link === "live" && !view.isCleared && !console.log.hasEarlier && (
        <div className={classes.centre}>
          <Empty
            icon={<IconTerminal2 size={28} />}
            title={t.app.tabs.console}
            text={t.console.empty}
          />
        </div>
      )}
      {view.isCleared && (
        <Button
          className={classes.chip}
          variant="default"
          radius="xl"
          onClick={() => console.showAll()}
        >
          {t.console.showAll}
        </Button>
      )}
      {!view.follows && (
        <Button
          className={classes.chip}
          radius="xl"
          leftSection={<IconArrowDown size={17} />}
          onClick={() => console.jump()}
        >
          {t.console.jump(view.unseen)}
        </Button>
      )}
    </div>
  );
}
