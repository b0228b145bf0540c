import { describe, expect, it } from "vitest";
import {
  crumbs,
  faultOf,
  freeName,
  isWithin,
  join,
  nameOf,
  normal,
  parentOf,
  split,
} from "./paths";

describe("paths", () => {
  it.each([
    ["", "/"],
    ["/", "/"],
    ["a//b/./c/", "/a/b/c"],
    ["/a/../b", "/b"],
    ["/../../a", "/a"],
    ["/ä #?%", "/ä #?%"],
  ])("makes %j normal", (path, result) => expect(normal(path)).toBe(result));

  it("joins, splits and names", () => {
    expect(join("/", "a")).toBe("/a");
    expect(join("/a", "b/c")).toBe("/a/b/c");
    expect(parentOf("/a/b")).toBe("/a");
    expect(parentOf("/a")).toBe("/");
    expect(parentOf("/")).toBe("/");
    expect(nameOf("/a/b")).toBe("b");
    expect(nameOf("/")).toBe("");
    expect(crumbs("/a/b").map(({ path }) => path)).toEqual(["/", "/a", "/a/b"]);
  });

  it("knows what is beneath what", () => {
    expect(isWithin("/a/b", "/a")).toBe(true);
    expect(isWithin("/a", "/a")).toBe(true);
    expect(isWithin("/ab", "/a")).toBe(false);
    expect(isWithin("/x", "/")).toBe(true);
  });

  it.each([
    ["a.txt", "a", ".txt"],
    ["a.tar.gz", "a", ".tar.gz"],
    [".env", ".env", ""],
    ["Makefile", "Makefile", ""],
  ])("splits %j", (name, stem, ending) => expect(split(name)).toEqual({ stem, ending }));

  it("finds free names before the ending", () => {
    const taken = new Set(["a.txt", "a (2).txt", "b", "c (9).tar.gz"]);
    const isTaken = (name: string) => taken.has(name);
    expect(freeName("new", isTaken)).toBe("new");
    expect(freeName("a.txt", isTaken)).toBe("a (3).txt");
    expect(freeName("a (2).txt", isTaken)).toBe("a (3).txt");
    expect(freeName("b", isTaken)).toBe("b (2)");
    expect(freeName("c (9).tar.gz", isTaken)).toBe("c (10).tar.gz");
  });

  it("says what keeps a name from being given", () => {
    const taken = new Set(["a"]);
    expect(faultOf("", taken)).toBe("empty");
    expect(faultOf("..", taken)).toBe("dots");
    expect(faultOf("a/b", taken)).toBe("slash");
    expect(faultOf("é".repeat(128), taken)).toBe("long");
    expect(faultOf("a", taken)).toBe("taken");
    expect(faultOf("é".repeat(127), taken)).toBeUndefined();
  });
});
