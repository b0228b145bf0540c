import { Button, Loader } from "@mantine/core";
import { IconFileOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { sentence } from "@/components/notify";
import { t } from "@/lib/messages";
import { kindOfFile, viewOf } from "../model/kinds";
import { nameOf, parentOf } from "../model/paths";
import { ImageView } from "./image-view";
import { MediaView } from "./media-view";
import { PdfView } from "./pdf-view";
import { TailView } from "./tail-view";
import { TextView } from "./text-view";
import { type FileHead, isGone, useFileHead } from "./use-file";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

export interface ViewerProps {
  app: string;
  path: string;
  line: number;
  isShown: boolean;
  onClose: () => void;
  onEnter: (path: string) => void;
}

export interface ViewProps extends ViewerProps {
  head: FileHead;
}

const MOST_EDITABLE_BYTES = 4 << 20;

/** One file, shown as what it is. */
export function Viewer(props: ViewerProps) {
  const { app, path } = props;
  const head = useFileHead(app, path);
  if (head.data) return <View {...props} head={head.data} />;
  return (
    <div className={classes.viewer}>
      <ViewerBar {...props} head={undefined} />
      {head.isPending ? (
        <Loader mx="auto" mt={96} />
      ) : (
        <Empty
          icon={<IconFileOff size={28} />}
          tone="bad"
          title={isGone(head.error) ? t.files.viewer.gone : t.errors.title}
          text={isGone(head.error) ? t.files.viewer.goneText : sentence(head.error)}
        >
          {!isGone(head.error) && (
            <Button onClick={() => void head.refetch()}>{t.actions.retry}</Button>
          )}
          <Button variant="default" onClick={() => props.onEnter(parentOf(path))}>
            {t.files.viewer.toFolder}
          </Button>
        </Empty>
      )}
    </div>
  );
}

function View(props: ViewProps) {
  const { path, head, line } = props;
  const [asText, setAsText] = useState(false);
  const name = nameOf(path);
  const isLog = kindOfFile(name, head.type) === "log" && head.size > 0 && line === 0;
  const isBig = head.size > MOST_EDITABLE_BYTES;
  const view = asText ? "text" : viewOf(name, head.type);
  if (view === "pdf") return <PdfView {...props} />;
  if (view === "image") return <ImageView {...props} onEdit={() => setAsText(true)} />;
  if (view === "audio" || view === "video") return <MediaView {...props} kind={view} />;
  if (isBig || (isLog && !asText)) {
    return <TailView {...props} isBig={isBig} onEdit={isBig ? undefined : () => setAsText(true)} />;
  }
  return <TextView {...props} />;
}
