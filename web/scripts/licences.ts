import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Licence {
  name: string;
  version: string;
  licence: string;
  text: string;
}

/** Writes assets/licences.json: what of other people is in the bundle, found by its modules. */
export function licences(): Plugin {
  return {
    name: "octyne-licences",
    apply: "build",
    generateBundle(_options, bundle) {
      const places = new Set<string>();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const id of chunk.moduleIds) {
          const place = packageOf(id);
          if (place) places.add(place);
        }
      }
      const found = [...places].map(read).sort((a, b) => a.name.localeCompare(b.name));
      this.emitFile({
        type: "asset",
        fileName: "licences.json",
        source: JSON.stringify(found),
      });
    },
  };
}

function packageOf(moduleId: string): string | undefined {
  const path = moduleId.replace(/^\0/, "").split("?")[0] ?? "";
  const at = path.lastIndexOf("/node_modules/");
  if (at < 0) return undefined;
  const [first = "", second = ""] = path.slice(at + "/node_modules/".length).split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  const place = join(path.slice(0, at), "node_modules", name);
  return existsSync(join(place, "package.json")) ? place : undefined;
}

function read(place: string): Licence {
  const about: { name: string; version: string; license?: string } = JSON.parse(
    readFileSync(join(place, "package.json"), "utf8"),
  );
  const file = readdirSync(place).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(place, file), "utf8") : "";
  return { name: about.name, version: about.version, licence: about.license ?? "", text };
}
