import { Button, Loader, SegmentedControl } from "@mantine/core";
import { IconSearch, IconTextWrap } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Tool } from "@/components/tool";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { readFile } from "../api";
import { nameOf } from "../model/paths";
import { Code, type EditorHandle } from "./code";
import { headOf } from "./use-file";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

type End = "start" | "end";

interface Props extends ViewProps {
  isBig: boolean;
  /** To the editor; not for what is too big for it. */
  onEdit: (() => void) | undefined;
}

const SHOWN_BYTES = 512 << 10;
const EVERY_MS = 2000;

/** One end of a large file, or of a log, which can be followed. */
export function TailView(props: Props) {
  const { app, path, head, isShown } = props;
  const [end, setEnd] = useState<End>("end");
  const [wraps, setWraps] = useState(true);
  const [follows, setFollows] = useState(false);
  const handle = useRef<EditorHandle>(null);
  const text = usePart(app, path, head.size, end, follows && isShown, handle);
  const reason = end === "end" ? t.files.viewer.tooBig : t.files.viewer.tooBigStart;
  return (
    <div className={classes.viewer}>
      <ViewerBar
        {...props}
        note={<span className={`${classes.badge} ${classes.note}`}>{t.files.viewer.readOnly}</span>}
      >
        <Tool label={t.files.viewer.find} onClick={() => handle.current?.find()}>
          <IconSearch size={18} />
        </Tool>
        <span className={classes.wide}>
          <Tool label={t.files.viewer.wrap} isOn={wraps} onClick={() => setWraps(!wraps)}>
            <IconTextWrap size={18} />
          </Tool>
        </span>
        {props.onEdit && (
          <Button variant="default" size="xs" mx={4} onClick={props.onEdit}>
            {t.files.viewer.edit}
          </Button>
        )}
      </ViewerBar>
      <div className={classes.reason} data-calm={!props.isBig || undefined}>
        <SegmentedControl
          size="xs"
          value={end}
          onChange={(value) => {
            setEnd(value as End);
            setFollows(false);
          }}
          data={[
            { value: "start", label: t.files.viewer.start },
            { value: "end", label: t.files.viewer.end },
          ]}
        />
        <Button
          size="compact-sm"
          variant={follows ? "filled" : "default"}
          aria-pressed={follows}
          disabled={end === "start"}
          onClick={() => setFollows(!follows)}
        >
          {t.files.viewer.follow}
        </Button>
        <span>{props.isBig ? reason(bytes(head.size)) : bytes(head.size)}</span>
      </div>
      {text === undefined ? (
        <Loader mx="auto" mt={64} />
      ) : (
        <Code
          key={end}
          name={nameOf(path)}
          text={text}
          lineEnd={"\n"}
          isReadOnly
          wraps={wraps}
          handle={handle}
          line={end === "end" ? Number.MAX_SAFE_INTEGER : 1}
        />
      )}
    </div>
  );
}

function usePart(
  app: string,
  path: string,
  size: number,
  end: End,
  follows: boolean,
  handle: React.RefObject<EditorHandle | null>,
): string | undefined {
  const [part, setPart] = useState<{ end: End; text: string }>();
  const known = useRef(size);
  useEffect(() => {
    let isOver = false;
    const range = end === "end" ? `bytes=-${SHOWN_BYTES}` : `bytes=0-${SHOWN_BYTES - 1}`;
    void textOf(app, path, range).then((text) => {
      if (!isOver) setPart({ end, text: end === "end" && size > SHOWN_BYTES ? whole(text) : text });
    });
    return () => {
      isOver = true;
    };
  }, [app, path, size, end]);
  useEffect(() => {
    if (!follows) return undefined;
    const timer = setInterval(() => void more(), EVERY_MS);
    async function more(): Promise<void> {
      try {
        const { size: now } = await headOf(app, path);
        if (now === known.current) return;
        const text = await textOf(app, path, `bytes=-${SHOWN_BYTES}`);
        known.current = now;
        handle.current?.put(now > SHOWN_BYTES ? whole(text) : text);
        handle.current?.toEnd();
      } catch {
        // It goes on when the daemon is back, and the file there.
      }
    }
    return () => clearInterval(timer);
  }, [app, path, follows, handle]);
  return part?.end === end ? part.text : undefined;
}

async function textOf(app: string, path: string, range: string): Promise<string> {
  const response = await readFile(app, path, { range });
  return new TextDecoder().decode(await response.arrayBuffer());
}

/** Without the part of a line at its beginning. */
const whole = (text: string): string => text.slice(text.indexOf("\n") + 1);
