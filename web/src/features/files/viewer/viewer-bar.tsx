import { IconDownload, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { failed } from "@/components/notify";
import { Tool } from "@/components/tool";
import { bytes } from "@/lib/format";
import { t } from "@/lib/messages";
import { download } from "../api";
import { Crumbs } from "../crumbs";
import { nameOf, parentOf } from "../model/paths";
import type { FileHead } from "./use-file";
import type { ViewerProps } from "./viewer";
import classes from "./viewer.module.css";

interface Props extends ViewerProps {
  head: FileHead | undefined;
  /** Behind the name: what there is to say of it. */
  note?: ReactNode;
  children?: ReactNode;
}

/** Where the file is, and what can be done to it. */
export function ViewerBar({ app, path, head, note, children, onClose, onEnter }: Props) {
  const folder = parentOf(path);
  return (
    <div className={classes.bar}>
      <Crumbs app={app} folder={folder} file={nameOf(path)} onEnter={onEnter} />
      {note}
      {head && !note && <span className={`${classes.note} number`}>{bytes(head.size)}</span>}
      {children}
      {head && (
        <span className={children ? classes.wide : classes.always}>
          <Tool
            label={t.files.download}
            onClick={() => void download(app, folder, [nameOf(path)], true).catch(failed)}
          >
            <IconDownload size={18} />
          </Tool>
        </span>
      )}
      <Tool label={t.files.viewer.close} onClick={onClose}>
        <IconX size={18} />
      </Tool>
    </div>
  );
}
