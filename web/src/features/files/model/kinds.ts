/** What a file is, by its name and by what the daemon says of its first bytes. Pure. */

import type { FileEntry } from "@/lib/wire.gen";
import { split } from "./paths";
import { isLink } from "./sort";

export type Kind =
  | "folder"
  | "link"
  | "image"
  | "audio"
  | "video"
  | "archive"
  | "code"
  | "data"
  | "log"
  | "text"
  | "binary";

const ENDINGS: [Kind, string][] = [
  ["image", "png jpg jpeg gif webp avif bmp ico svg apng"],
  ["audio", "mp3 ogg oga opus wav flac m4a aac weba"],
  ["video", "mp4 webm mkv mov m4v ogv avi"],
  ["archive", "zip tar gz tgz xz txz zst tzst bz2 tbz2 7z rar jar war"],
  [
    "data",
    "json jsonc json5 yml yaml toml xml csv tsv ini conf cfg properties env mcmeta nbt plist",
  ],
  [
    "code",
    "js mjs cjs ts tsx jsx py rb go rs c h cpp hpp cs java kt kts scala lua php pl sh bash zsh fish bat cmd ps1 sql html htm css scss less vue swift dart groovy gradle r jl ex exs erl clj hs ml nix tf sk zs",
  ],
  ["log", "log"],
  ["text", "txt md rst adoc tex org nfo lang"],
];
const KINDS = new Map(
  ENDINGS.flatMap(([kind, endings]) => endings.split(" ").map((ending) => [ending, kind] as const)),
);
const UNPACKABLE = /\.(zip|tar|tar\.(gz|xz|zst|bz2)|tgz|txz|tzst|tbz2|jar)$/i;
const IMAGE_TYPES: Record<string, string> = { svg: "image/svg+xml", avif: "image/avif" };

export function kindOf(entry: Pick<FileEntry, "name" | "mimeType" | "folder">): Kind {
  if (entry.mimeType === "inode/symlink") return "link";
  if (entry.folder) return "folder";
  return kindOfFile(entry.name, entry.mimeType);
}

export function kindOfFile(name: string, type: string): Kind {
  if (/\.log(\.\d+)?$/i.test(name)) return "log";
  const named = KINDS.get(endingOf(name));
  const isText = type.startsWith("text/");
  // A name says more than the first bytes, unless those say that it lies.
  if (named && !(isText && (named === "image" || named === "audio" || named === "video"))) {
    return named;
  }
  if (named === "image" && endingOf(name) === "svg") return "image";
  if (type.startsWith("image/")) return "image";
  if (type.startsWith("audio/")) return "audio";
  if (type.startsWith("video/")) return "video";
  if (/zip|gzip|rar/.test(type)) return "archive";
  return isText ? "text" : "binary";
}

function endingOf(name: string): string {
  return (
    split(name)
      .ending.slice(name.includes(".") ? 1 : 0)
      .split(".")
      .at(-1)
      ?.toLowerCase() ?? ""
  );
}

/** The type that a browser needs to be told, where the daemon's doesn't do. */
export const imageType = (name: string): string | undefined => IMAGE_TYPES[endingOf(name)];

export const canUnpack = (entry: FileEntry): boolean =>
  !entry.folder && !isLink(entry) && UNPACKABLE.test(entry.name);

/** The archive's name without its ending: the folder that it is unpacked into. */
export const unpackedName = (name: string): string => name.replace(UNPACKABLE, "") || name;

/** How a file is opened. */
export type View = "image" | "audio" | "video" | "pdf" | "text";

export function viewOf(name: string, type = ""): View {
  if (type.startsWith("application/pdf")) return "pdf";
  const kind = kindOfFile(name, type);
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "text";
}
