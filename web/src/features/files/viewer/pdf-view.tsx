import { Button } from "@mantine/core";
import { IconFileTypePdf } from "@tabler/icons-react";
import { Empty } from "@/components/empty";
import { failed } from "@/components/notify";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { download } from "../api";
import { nameOf, parentOf } from "../model/paths";
import { useBlobAddress } from "./use-blob-address";
import type { ViewProps } from "./viewer";
import classes from "./viewer.module.css";
import { ViewerBar } from "./viewer-bar";

const MOST_BYTES = 64 << 20; // the page holds it in memory

/** Not shown within the page, whose policy has no frames: the browser's viewer has a tab for it. */
export function PdfView(props: ViewProps) {
  const { app, path, head } = props;
  const isBig = head.size > MOST_BYTES;
  const address = useBlobAddress(app, path, isBig ? undefined : "application/pdf");
  const size = bytes(head.size);
  const texts = t.files.viewer.pdf;
  return (
    <div className={classes.viewer}>
      <ViewerBar {...props} />
      <Empty
        icon={<IconFileTypePdf size={28} />}
        title={isBig ? texts.tooBigTitle : texts.title}
        text={(isBig ? texts.tooBig : texts.text)(size)}
      >
        {!isBig && (
          <Button
            component="a"
            href={address || undefined}
            target="_blank"
            rel="noopener"
            loading={!address}
          >
            {texts.open}
          </Button>
        )}
        <Button
          variant={isBig ? "filled" : "default"}
          onClick={() => void download(app, parentOf(path), [nameOf(path)], true).catch(failed)}
        >
          {t.files.download}
        </Button>
      </Empty>
    </div>
  );
}
