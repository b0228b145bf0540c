import { expect, it } from "vitest";
import { diff } from "./diff";

const signs = { same: " ", added: "+", removed: "-", skipped: "~" };
const shown = (a: string, b: string) => diff(a, b).map((line) => signs[line.kind] + line.text);

it("is empty for equal texts", () => {
  expect(diff("a\nb", "a\nb")).toEqual([]);
});

it("shows what changes with the lines around it", () => {
  const before = Array.from({ length: 20 }, (_, i) => `l${i}`);
  const after = before.with(10, "new");
  expect(shown(before.join("\n"), after.join("\n"))).toEqual([
    " l7",
    " l8",
    " l9",
    "-l10",
    "+new",
    " l11",
    " l12",
    " l13",
  ]);
});

it("leaves out what lies between two changes", () => {
  const before = Array.from({ length: 30 }, (_, i) => `l${i}`);
  const after = before.with(2, "x").with(25, "y");
  expect(shown(before.join("\n"), after.join("\n")).filter((line) => line === "~")).toHaveLength(1);
});

it("finds lines that stay between others", () => {
  expect(shown("a\nb\nc", "b\nx\nc\nd")).toEqual(["-a", " b", "+x", " c", "+d"]);
});
