import { describe, expect, it } from "vitest";
import { all, boxed, moved, NOTHING, only, ranged, toggled, typedAhead, within } from "./selection";

const LIST = ["a", "b", "c", "d", "e"];
const names = (selection: { names: ReadonlySet<string> }) => [...selection.names].sort().join("");

describe("selection", () => {
  it("toggles and ranges from the anchor, either way", () => {
    const start = toggled(only("b"), "d");
    expect(names(start)).toBe("bd");
    expect(names(ranged(only("d"), LIST, "b"))).toBe("bcd");
    expect(names(ranged(toggled(only("a"), "c"), LIST, "d", true))).toBe("acd");
    expect(names(toggled(start, "b"))).toBe("d");
  });

  it("moves by keys and stops at the ends", () => {
    expect(moved(NOTHING, LIST, 1, false).cursor).toBe("a");
    expect(moved(NOTHING, LIST, -1, false).cursor).toBe("e");
    expect(moved(only("d"), LIST, 9, false).cursor).toBe("e");
    const down = moved(moved(only("b"), LIST, 1, true), LIST, 1, true);
    expect(names(down)).toBe("bcd");
    expect(names(moved(down, LIST, -1, true))).toBe("bc");
    expect(moved(only("a"), [], 1, false)).toBe(NOTHING);
  });

  it("takes what a box covers on top of what was selected", () => {
    expect(names(boxed(only("a"), LIST, 2, 3))).toBe("acd");
    expect(names(boxed(NOTHING, LIST, -4, 0))).toBe("a");
    expect(names(boxed(only("e"), LIST, 9, 12))).toBe("e");
  });

  it("forgets what is gone, and is itself when nothing is", () => {
    const both = toggled(only("a"), "b");
    expect(within(both, new Set(LIST))).toBe(both);
    const left = within(both, new Set(["a"]));
    expect([names(left), left.cursor]).toEqual(["a", ""]);
    expect(names(all(LIST, NOTHING))).toBe("abcde");
  });

  it("goes on where what is typed begins a name", () => {
    const list = ["alpha", "beta", "Bravo", "alfa"];
    expect(typedAhead(list, "beta", "b")).toBe("Bravo");
    expect(typedAhead(list, "Bravo", "br")).toBe("Bravo");
    expect(typedAhead(list, "alfa", "a")).toBe("alpha");
    expect(typedAhead(list, "", "x")).toBe("");
  });
});
