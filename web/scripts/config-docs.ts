import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const ID = "virtual:config-docs";
const DOCUMENT = fileURLToPath(new URL("../../docs/config.md", import.meta.url));
const ROW = /^\| `([\w.]+)` \| (.+?) \| (.+) \|$/;

/** Gives the keys that docs/config.md describes to the config editor: one place says what they mean. */
export function configDocs(): Plugin {
  return {
    name: "octyne-config-docs",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return undefined;
      this.addWatchFile(DOCUMENT);
      return `export const configDocs = ${JSON.stringify(read())};`;
    },
  };
}

function read() {
  const rows = readFileSync(DOCUMENT, "utf8")
    .split("\n")
    .map((line) => ROW.exec(line));
  return rows.flatMap((row) =>
    row ? [{ key: row[1], value: plain(row[2] ?? ""), text: plain(row[3] ?? "") }] : [],
  );
}

function plain(markdown: string): string {
  return markdown
    .replaceAll("`", "")
    .replaceAll("\\|", "|")
    .replace(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}
