import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname);
const LAYERS = ["app", "features", "components", "lib"];

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);

it("imports go from app to features to components to lib, and from no feature to another", () => {
  const wrong = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const imported = [...text.matchAll(/["']@\/([\w./-]+)["']/g)].map((match) => match[1] ?? "");
    return imported
      .filter((target) => !isAllowed(file, target))
      .map((target) => `${file} -> ${target}`);
  });
  expect(wrong).toEqual([]);
});

function isAllowed(file: string, target: string): boolean {
  const [from = "", feature] = relative(".", file).split("/");
  const [to = "", other] = target.split("/");
  if (from === "features" && to === "features") return feature === other;
  return !LAYERS.includes(from) || LAYERS.indexOf(to) >= LAYERS.indexOf(from);
}
