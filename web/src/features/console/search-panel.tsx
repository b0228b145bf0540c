import { ActionIcon, Button, CloseButton, Loader, TextInput } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconList, IconSearch } from "@tabler/icons-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { sentence } from "@/components/notify";
import { Tool } from "@/components/tool";
import { moment } from "@/lib/format";
import { t } from "@/lib/messages";
import { plainText } from "./ansi";
import type { Console } from "./controller";
import classes from "./search-panel.module.css";
import { useSearch } from "./use-search";

interface Props {
  console: Console;
  onFind: (text: string) => void;
  onClose: () => void;
}

/** Searches the whole log on disk; a line that was found is shown in its place. */
export function SearchPanel({ console, onFind, onClose }: Props) {
  const [text, setText] = useState("");
  const [current, setCurrent] = useState(-1);
  const search = useSearch(console.name);
  const field = useRef<HTMLInputElement>(null);
  const now = Date.now();
  // Where the panel covers the log, it folds up when a line is to be seen.
  const [isFolded, setFolded] = useState(false);
  const at = search.lines.findIndex((line) => line.offset === current);
  useEffect(() => field.current?.focus(), []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    setCurrent(-1);
    setFolded(false);
    onFind(text);
    search.start(text);
  }

  function show(index: number): void {
    const line = search.lines[index];
    if (!line) return;
    setCurrent(line.offset);
    setFolded(true);
    void console.to(line.offset);
  }

  return (
    <search
      className={classes.panel}
      aria-label={t.console.search}
      data-folded={isFolded || undefined}
    >
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          ref={field}
          className={classes.field}
          placeholder={t.console.search}
          aria-label={t.console.search}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onFocus={() => setFolded(false)}
          onKeyDown={(event) => {
            if (event.key === "Escape") onClose();
          }}
          rightSection={
            <ActionIcon type="submit" variant="subtle" aria-label={t.console.searchShort}>
              <IconSearch size={17} />
            </ActionIcon>
          }
        />
        <CloseButton size="lg" aria-label={t.actions.close} onClick={onClose} />
      </form>
      <div className={classes.row}>
        <p className={classes.state} role="status">
          {search.isBusy ? (
            <>
              <Loader size={13} /> {t.console.searching}
            </>
          ) : (
            search.query &&
            (search.lines.length
              ? t.console.found(search.lines.length, search.hasMore, at + 1)
              : t.console.nothing)
          )}
          {search.error !== null && sentence(search.error)}
        </p>
        {search.lines.length > 0 && (
          <>
            <span className={classes.unfold}>
              <Tool label={t.console.results} onClick={() => setFolded(false)}>
                <IconList size={18} />
              </Tool>
            </span>
            <Tool
              label={t.console.older}
              disabled={at >= search.lines.length - 1}
              onClick={() => show(at + 1)}
            >
              <IconChevronUp size={18} />
            </Tool>
            <Tool label={t.console.newer} disabled={at <= 0} onClick={() => show(at - 1)}>
              <IconChevronDown size={18} />
            </Tool>
          </>
        )}
      </div>
      <ol className={classes.list}>
        {search.lines.map((line, index) => (
          <li key={line.offset}>
            <button
              type="button"
              className={classes.hit}
              data-current={line.offset === current || undefined}
              onClick={() => show(index)}
            >
              <time>{line.time ? moment(line.time, now) : ""}</time>
              <span>{plainText(line.text).slice(0, 300)}</span>
            </button>
          </li>
        ))}
      </ol>
      {search.hasMore && !search.isBusy && (
        <Button className={classes.more} variant="default" m={12} mt={4} onClick={search.more}>
          {t.console.searchMore}
        </Button>
      )}
    </search>
  );
}
