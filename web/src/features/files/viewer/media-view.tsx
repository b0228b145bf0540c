import { IconVideoOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { t } from "@/lib/messages";
import { fileAddress } from "../api";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

/** Sound and moving pictures; what isn't played isn't loaded. */
export function MediaView(props: ViewProps & { kind: "audio" | "video" }) {
  const [isBroken, setBroken] = useState(false);
  const source = fileAddress(props.app, props.path);
  const onError = () => setBroken(true);
  return (
    <div className={classes.viewer}>
      <ViewerBar {...props} />
      {isBroken ? (
        <Empty
          icon={<IconVideoOff size={28} />}
          title={t.files.viewer.mediaBroken}
          text={t.files.viewer.imageText}
        />
      ) : (
        <div className={classes.media}>
          {props.kind === "audio" ? (
            // biome-ignore lint/a11y/useMediaCaption: the file is the user's own
            <audio src={source} controls preload="metadata" onError={onError} />
          ) : (
            // biome-ignore lint/a11y/useMediaCaption: the file is the user's own
            <video src={source} controls preload="metadata" onError={onError} />
          )}
        </div>
      )}
    </div>
  );
}
