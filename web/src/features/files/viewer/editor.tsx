import { Button } from "@mantine/core";
import { IconDeviceFloppy, IconSearch, IconTextWrap } from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState } from "react";
import { Tool } from "@/components/tool";
import { t } from "@/lib/messages";
import { recall, remember } from "@/lib/storage";
import { nameOf } from "../model/paths";
import type { TextFile } from "../model/text-file";
import { Code, type EditorHandle, languageOf, type Position } from "./code";
import { JsonBar } from "./json-bar";
import { LeaveDialog } from "./leave-dialog";
import { useDisk } from "./use-disk";
import { useJson } from "./use-json";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

const ConflictView = lazy(async () => ({
  default: (await import("./conflict-view")).ConflictView,
}));

interface Props extends ViewProps {
  file: TextFile;
  tag: string;
}

/** The editor, which saves only over what it has read. */
export function Editor(props: Props) {
  const { app, path, file, isShown } = props;
  const name = nameOf(path);
  const handle = useRef<EditorHandle>(null);
  const [isChanged, setChanged] = useState(false);
  const [wraps, setWraps] = useState(() => recall("editor-wrap", true));
  const [position, setPosition] = useState<Position>({ line: 1, column: 1 });
  const isReadOnly = file.encoding !== "utf-8";
  const disk = useDisk({ app, path, file, tag: props.tag, handle, isChanged, isShown });
  const canSave = isChanged && !disk.isBusy && !isReadOnly;
  const json = useJson(name, file.text, props.line, handle);
  const isFormatted = json?.formatted !== undefined;
  const shown = useRef<EditorHandle>(null); // of the formatted view
  const save = () => {
    if (canSave) void disk.save();
  };
  const wrap = () => {
    setWraps(!wraps);
    remember("editor-wrap", !wraps);
  };
  return (
    <div className={classes.viewer}>
      <ViewerBar {...props} note={<Note isReadOnly={isReadOnly} isChanged={isChanged} />}>
        <Tool
          label={t.files.viewer.find}
          onClick={() => (isFormatted ? shown : handle).current?.find()}
        >
          <IconSearch size={18} />
        </Tool>
        <span className={classes.wide}>
          <Tool label={t.files.viewer.wrap} isOn={wraps} onClick={wrap}>
            <IconTextWrap size={18} />
          </Tool>
        </span>
        {!isReadOnly && (
          <Button
            size="xs"
            mx={6}
            disabled={!canSave}
            loading={disk.isBusy}
            leftSection={<IconDeviceFloppy size={16} />}
            onClick={save}
          >
            {t.files.viewer.save}
          </Button>
        )}
      </ViewerBar>
      {isReadOnly && <div className={classes.reason}>{t.files.viewer.latin}</div>}
      {disk.stale && !disk.conflict && (
        <div className={classes.reason} role="status">
          <span>{t.files.viewer.stale[disk.stale]}</span>
          <Button size="compact-sm" variant="default" onClick={() => void disk.compare()}>
            {t.files.viewer.look[disk.stale]}
          </Button>
        </div>
      )}
      {json && <JsonBar json={json} handle={handle} />}
      {isFormatted && (
        <Code
          key={json.formatted}
          name={name}
          text={json.formatted ?? ""}
          lineEnd={"\n"}
          isReadOnly
          wraps={wraps}
          handle={shown}
        />
      )}
      <Code
        isHidden={isFormatted}
        name={name}
        text={file.text}
        lineEnd={file.lineEnd}
        isReadOnly={isReadOnly}
        wraps={wraps}
        line={props.line}
        handle={handle}
        onChanged={(is) => {
          setChanged(is);
          if (!is) json?.check();
        }}
        onPosition={setPosition}
        onSave={save}
      />
      <div className={`${classes.foot} number`}>
        <span>{!isFormatted && t.files.viewer.position(position.line, position.column)}</span>
        <span className={classes.grow} />
        <span>{file.encoding === "utf-8" ? "UTF-8" : "Windows-1252"}</span>
        <span>{t.files.viewer.lineEnd[file.lineEnd]}</span>
        <span>{languageOf(name)?.name ?? t.files.kinds.text}</span>
      </div>
      {disk.conflict && (
        <Suspense fallback={null}>
          <ConflictView
            name={name}
            lineEnd={file.lineEnd}
            mine={handle.current?.text() ?? ""}
            theirs={disk.conflict.text}
            isBusy={disk.isBusy}
            onSave={(text) => void disk.resolve(text)}
            onTheirs={() => disk.takeTheirs()}
            onClose={() => disk.close()}
          />
        </Suspense>
      )}
      <LeaveDialog app={app} path={path} isChanged={isChanged} onSave={disk.save} />
    </div>
  );
}

function Note({ isReadOnly, isChanged }: { isReadOnly: boolean; isChanged: boolean }) {
  if (isReadOnly) return <span className={classes.badge}>{t.files.viewer.readOnly}</span>;
  return (
    <span className={classes.changed} role="status">
      {isChanged && t.files.viewer.unsaved}
    </span>
  );
}
