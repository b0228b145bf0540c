import { describe, expect, it } from "vitest";
import type { FileEntry } from "@/lib/wire.gen";
import { transferSteps, undoSteps } from "./batches";
import { type Choice, placed } from "./conflicts";
import { kindOfFile, unpackedName, viewOf } from "./kinds";
import { flipped, has, isMode, letters, modeOf, octal } from "./modes";
import { NO_RATE, sampled, speed, timeLeft } from "./rate";
import { BY_NAME, nextOrder, sorted } from "./sort";
import { decoded, encoded } from "./text-file";

const entry = (name: string, size = 0, folder = false): FileEntry => ({
  name,
  size,
  folder,
  mimeType: folder ? "" : "text/plain; charset=utf-8",
  lastModified: size,
});
const order = (entries: FileEntry[], by = BY_NAME) =>
  sorted(
    entries,
    by,
    (each) => each.size,
    () => "",
  ).map(({ name }) => name);

describe("order", () => {
  it("has folders first and numbers as numbers", () => {
    const entries = [entry("b10"), entry("b9"), entry("z", 0, true), entry("B1"), entry("b1")];
    expect(order(entries)).toEqual(["z", "B1", "b1", "b9", "b10"]);
    const down = { column: "size", isDown: true } as const;
    expect(order([entry("s", 1), entry("l", 9), entry("f", 5, true)], down)).toEqual([
      "f",
      "l",
      "s",
    ]);
  });

  it("turns round on the second click", () => {
    expect(nextOrder(BY_NAME, "name").isDown).toBe(true);
    expect(nextOrder(BY_NAME, "size")).toEqual({ column: "size", isDown: true });
  });
});

describe("names that are taken", () => {
  const comers = ["a.txt", "b.txt", "c.txt"].map((name) => ({ id: name, name, isFolder: false }));
  const there = new Map(["a.txt", "b.txt", "c.txt", "c (2).txt"].map((name) => [name, true]));

  it("are skipped, replaced, or given away", () => {
    const choices = new Map<string, Choice>([
      ["b.txt", "replace"],
      ["c.txt", "rename"],
    ]);
    expect(placed(comers, there, choices)).toEqual([
      { id: "b.txt", name: "b.txt", replaces: true },
      { id: "c.txt", name: "c (3).txt", replaces: false },
    ]);
  });

  it("never give two the same new name", () => {
    const two = [
      { id: "1", name: "a.txt", isFolder: false },
      { id: "2", name: "a (2).txt", isFolder: false },
    ];
    const names = placed(two, new Map([["a.txt", true]]), new Map([["1", "rename"]]));
    expect(new Set(names.map(({ name }) => name)).size).toBe(2);
  });

  it("are removed in the same batch when they are replaced, which can't be undone", () => {
    const steps = transferSteps("mv", [{ id: "/a", name: "a", replaces: true }], "/to");
    expect(steps).toEqual([
      { operation: "rm", path: "/to/a" },
      { operation: "mv", src: "/a", dest: "/to/a" },
    ]);
    expect(undoSteps(steps)).toEqual([]);
    expect(undoSteps(steps.slice(1))).toEqual([{ operation: "mv", src: "/to/a", dest: "/a" }]);
    expect(transferSteps("mv", [{ id: "/to/a", name: "a", replaces: false }], "/to")).toEqual([]);
  });
});

describe("kinds", () => {
  it.each([
    ["latest.log.1", "text/plain", "log"],
    ["a.tar.gz", "application/x-gzip", "archive"],
    ["photo", "image/png", "image"],
    ["lies.mp4", "text/plain", "text"],
    ["Makefile", "text/plain", "text"],
    ["core", "application/octet-stream", "binary"],
    ["server.properties", "text/plain", "data"],
  ])("%s is %s: %s", (name, type, kind) => expect(kindOfFile(name, type)).toBe(kind));

  it("opens drawings as images, although they are text", () => {
    expect(viewOf("map.svg", "text/xml; charset=utf-8")).toBe("image");
    expect(viewOf("a.bin", "application/octet-stream")).toBe("text");
    expect(unpackedName("World.TAR.gz")).toBe("World");
  });
});

describe("text files", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it.each([
    ["a\nb\n", "\n", false],
    ["a\r\nb\r\n", "\r\n", false],
    ["a\r\nb\n", "\n", false],
    ["\uFEFFa", "\n", true],
  ])("keep what wasn't edited in %j", (text, lineEnd, hasMark) => {
    const file = decoded(bytes(text));
    expect(file).toMatchObject({ lineEnd, hasMark, encoding: "utf-8" });
    expect(file && encoded(file.text, file)).toEqual(bytes(text));
  });

  it("are told from binary ones and from other encodings", () => {
    expect(decoded(new Uint8Array([1, 0, 2]))).toBeUndefined();
    expect(decoded(new Uint8Array([0x63, 0xe9]))).toMatchObject({
      text: "cé",
      encoding: "latin-1",
    });
  });
});

describe("permissions", () => {
  it("are digits, letters and ticks", () => {
    expect(letters(0o754)).toBe("rwxr-xr--");
    expect(octal(flipped(0o644, "others", "write"))).toBe("0646");
    expect(has(0o100, "owner", "execute")).toBe(true);
    expect([isMode("0755"), isMode("755"), isMode("4755"), isMode("888")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(modeOf("0640")).toBe(0o640);
  });
});

describe("speed", () => {
  it("is that of the last seconds", () => {
    let rate = NO_RATE;
    for (let i = 0; i <= 20; i += 1) rate = sampled(rate, i * 500, i * 500);
    expect(speed(rate)).toBe(1000);
    expect(timeLeft(rate, 3000)).toBe(3000);
    expect(timeLeft(NO_RATE, 3000)).toBeUndefined();
  });
});
