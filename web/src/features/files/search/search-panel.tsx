import { Button, CloseButton, Loader, TextInput } from "@mantine/core";
import { IconSearch, IconSearchOff } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type FormEvent, useRef, useState } from "react";
import { Empty } from "@/components/empty";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import type { FileFound } from "@/lib/wire.gen";
import { folderName } from "../actions";
import type { Files } from "../files";
import { FileIcon } from "../list/file-icon";
import { kindOfFile } from "../model/kinds";
import { nameOf, normal, parentOf } from "../model/paths";
import { type FilesAddress, hrefOf } from "../use-place";
import classes from "./search-panel.module.css";
import { type Results, useSearch } from "./use-search";

interface Props {
  files: Files;
  folder: string;
  onOpen: (to: FilesAddress) => void;
  onClose: () => void;
}

/** Narrows this folder down at once; looks beneath it for names and contents on demand. */
export function SearchPanel({ files, folder, onOpen, onClose }: Props) {
  const name = useStore(files.filter);
  const [content, setContent] = useState("");
  const { results, start, stop } = useSearch(files.app);
  const canStart = name !== "" || content !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canStart) void start(folder, name, content);
  };
  const close = () => {
    stop();
    files.filter.set("");
    onClose();
  };
  return (
    <aside className={classes.panel} aria-label={t.files.search.title}>
      <form
        className={classes.form}
        onSubmit={submit}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
        }}
      >
        <div className={classes.head}>
          <h2>{t.files.search.title}</h2>
          <CloseButton aria-label={t.files.search.close} onClick={close} />
        </div>
        <TextInput
          label={t.files.search.name}
          description={t.files.search.nameHint}
          value={name}
          onChange={(event) => files.filter.set(event.currentTarget.value)}
          data-autofocus
          autoFocus
          spellCheck={false}
        />
        <TextInput
          label={t.files.search.content}
          value={content}
          onChange={(event) => setContent(event.currentTarget.value)}
          spellCheck={false}
        />
        {results.state === "going" ? (
          <Button variant="default" onClick={stop} leftSection={<Loader size={15} />}>
            {t.files.search.stop}
          </Button>
        ) : (
          <Button type="submit" disabled={!canStart} leftSection={<IconSearch size={17} />}>
            {t.files.search.start(folderName(folder))}
          </Button>
        )}
      </form>
      <Status results={results} />
      <Found app={files.app} found={results.found} onOpen={onOpen} />
    </aside>
  );
}

function Status({ results }: { results: Results }) {
  const { state, found, end, error } = results;
  if (state === "idle") return <p className={classes.teach}>{t.files.search.teach}</p>;
  if (state === "failed") return <p className={classes.error}>{error}</p>;
  if (state === "ended" && found.length === 0) {
    return (
      <Empty
        icon={<IconSearchOff size={28} />}
        title={t.files.search.nothing}
        text={t.files.search.nothingText}
      />
    );
  }
  const text =
    state === "going" ? t.files.search.searching(found.length) : t.files.search.found(found.length);
  const notes = [
    end?.cut ? t.files.search.cut[end.cut] : "",
    end?.unreadable ? t.files.search.unreadable(end.unreadable) : "",
  ].filter(Boolean);
  return (
    <p className={`${classes.status} number`} role="status">
      {text} {notes.join(" ")}
    </p>
  );
}

const ROW_PX = 54;
const TEXT_PX = 76;

function Found({
  app,
  found,
  onOpen,
}: {
  app: string;
  found: readonly FileFound[];
  onOpen: Props["onOpen"];
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (found[i]?.text ? TEXT_PX : ROW_PX),
    overscan: 10,
  });
  return (
    <div ref={scroller} className={classes.found}>
      <div className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, size }) => {
          const hit = found[index];
          if (!hit) return null;
          const path = normal(hit.path);
          const to: FilesAddress = hit.folder
            ? { path }
            : { file: path, ...(hit.line ? { line: hit.line } : {}) };
          return (
            <a
              key={`${path}:${hit.line ?? 0}`}
              className={classes.hit}
              style={{ transform: `translateY(${start}px)`, height: size }}
              href={hrefOf(app, to)}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                onOpen(to);
              }}
            >
              <FileIcon kind={hit.folder ? "folder" : kindOfFile(hit.path, "")} />
              <span className={classes.texts}>
                <span className={classes.name} title={path}>
                  {nameOf(path)}
                </span>
                <span className={classes.place}>
                  {parentOf(path)}
                  {!hit.folder && ` · ${bytes(hit.size)}`}
                  {hit.line ? ` · ${t.files.search.line(hit.line)}` : ""}
                </span>
                {hit.text && <code className={classes.text}>{hit.text.trim()}</code>}
              </span>
            </a>
          );
        })}
      </div>
    </div>
  );
}
