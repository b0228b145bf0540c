import { Button } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { useState } from "react";
import { Empty } from "@/components/empty";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { fileAddress } from "../api";
import { imageType } from "../model/kinds";
import { nameOf } from "../model/paths";
import { useBlobAddress } from "./use-blob-address";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

/** A picture; a click shows it in full size, and fitted again. */
export function ImageView(props: ViewProps & { onEdit: () => void }) {
  const { app, path, head } = props;
  const source = useSource(app, path, head.tag);
  const [size, setSize] = useState<{ width: number; height: number }>();
  const [isFull, setFull] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const isText = imageType(nameOf(path)) === "image/svg+xml";
  return (
    <div className={classes.viewer}>
      <ViewerBar
        {...props}
        note={
          <span className={`${classes.note} number`}>
            {size && `${t.files.viewer.image(size.width, size.height)} · `}
            {bytes(head.size)}
          </span>
        }
      >
        {isText && (
          <Button variant="default" size="xs" mr={4} onClick={props.onEdit}>
            {t.files.viewer.asText}
          </Button>
        )}
      </ViewerBar>
      {isBroken ? (
        <Empty
          icon={<IconPhotoOff size={28} />}
          title={t.files.viewer.imageBroken}
          text={t.files.viewer.imageText}
        />
      ) : (
        <button
          type="button"
          className={classes.stage}
          data-full={isFull}
          title={isFull ? t.files.viewer.fit : t.files.viewer.full}
          onClick={() => setFull(!isFull)}
        >
          {source && (
            <img
              src={source}
              alt={nameOf(path)}
              onError={() => setBroken(true)}
              onLoad={({ currentTarget: image }) =>
                setSize({ width: image.naturalWidth, height: image.naturalHeight })
              }
            />
          )}
        </button>
      )}
    </div>
  );
}

/** The daemon's own address, but for what it calls by another type than a browser needs. */
function useSource(app: string, path: string, tag: string): string {
  const type = imageType(nameOf(path));
  const made = useBlobAddress(app, path, type);
  return type ? made : `${fileAddress(app, path)}&v=${encodeURIComponent(tag)}`;
}
