import {
  IconArchive,
  IconBraces,
  IconFile,
  IconFileCode,
  IconFileText,
  IconFolderFilled,
  IconLink,
  IconListDetails,
  IconMusic,
  IconPhoto,
  IconVideo,
} from "@tabler/icons-react";
import type { Kind } from "../model/kinds";
import classes from "./file-icon.module.css";

const ICONS: Record<Kind, typeof IconFile> = {
  folder: IconFolderFilled,
  link: IconLink,
  image: IconPhoto,
  audio: IconMusic,
  video: IconVideo,
  archive: IconArchive,
  code: IconFileCode,
  data: IconBraces,
  log: IconListDetails,
  text: IconFileText,
  binary: IconFile,
};

export function FileIcon({ kind, size = 20 }: { kind: Kind; size?: number }) {
  const Icon = ICONS[kind];
  return (
    <Icon
      size={size}
      stroke={1.6}
      className={classes.icon ?? ""}
      data-kind={kind}
      aria-hidden="true"
    />
  );
}
