import { describe, expect, it } from "vitest";
import { type Change, type Item, matched, NO_QUEUE, nextOf, reduced, summary } from "./queue";
import { survey } from "./survey";

const item = (id: string, part: Partial<Item> = {}): Item => ({
  id,
  app: "mc",
  folder: "/",
  name: id,
  label: id,
  size: 100,
  modified: 1,
  sent: 0,
  state: "waiting",
  error: "",
  isOffline: false,
  isReopenable: false,
  ...part,
});
const queueAfter = (...changes: Change[]) => changes.reduce(reduced, NO_QUEUE);
const states = (queue: { items: readonly Item[] }) => queue.items.map(({ state }) => state).join();

describe("the queue", () => {
  const three: Change = { type: "add", items: [item("a"), item("b"), item("c")] };

  it("sends some at a time, in order", () => {
    const queue = queueAfter(three, { type: "start", id: "a" });
    expect(nextOf(queue, 2).map(({ id }) => id)).toEqual(["b"]);
    expect(nextOf(queue, 1)).toEqual([]);
  });

  it("pauses what goes on, and resumes what is paused or failed", () => {
    const ids = new Set(["a", "b", "c"]);
    const paused = queueAfter(three, { type: "done", id: "a" }, { type: "pause", ids });
    expect(states(paused)).toBe("done,paused,paused");
    const failed = reduced(paused, { type: "fail", id: "b", error: "x", isOffline: false });
    expect(states(reduced(failed, { type: "resume", ids }))).toBe("done,waiting,waiting");
  });

  it("ignores late news of what was paused, and measures the rest", () => {
    const ids = new Set(["a"]);
    const sent = new Map([
      ["a", 50],
      ["b", 30],
    ]);
    const queue = queueAfter(
      three,
      { type: "start", id: "a" },
      { type: "start", id: "b" },
      { type: "pause", ids },
      { type: "progress", sent, now: 1000 },
    );
    expect(queue.items.map((each) => each.sent)).toEqual([0, 30, 0]);
    expect(summary(queue.items)).toMatchObject({ all: 3, paused: 1, active: 2, sent: 30 });
  });

  it("finds the files of lost uploads by path, or by name, size and time", () => {
    const items = [
      item("1", { label: "x/a", state: "lost" }),
      item("2", { label: "y/a", state: "lost" }),
      item("3", { label: "b", state: "lost", size: 7 }),
    ];
    const file = (name: string, size = 100) => ({ name, size, lastModified: 1 });
    const y = file("a");
    const found = matched(items, [
      { file: y, path: "y/a" },
      { file: file("b", 7), path: "elsewhere/b" },
    ]);
    expect([...found.keys()]).toEqual(["2", "3"]);
    expect(found.get("2")).toBe(y);
    expect(matched(items, [{ file: y, path: "a" }]).size).toBe(0); // of two it could be either
  });
});

describe("the survey of what was chosen", () => {
  const file = (name: string) => ({ name, size: 1, lastModified: 1 });
  const disk: Record<string, Record<string, boolean>> = {
    "/": { sub: true, plain: false },
    "/sub": { "a.txt": false },
  };
  const list = (folder: string) =>
    Promise.resolve(
      new Map(Object.entries(disk[folder] ?? {}).map(([name, isFolder]) => [name, { isFolder }])),
    );

  it("makes folders that are missing, and fills up those that are there", async () => {
    const chosen = ["sub/a.txt", "sub/deep/er/b.txt", "new/c.txt"].map((path) => ({
      file: file(path),
      path,
    }));
    const found = await survey("/", chosen, ["empty"], list);
    expect(found.missing).toEqual(["/empty", "/new", "/sub/deep", "/sub/deep/er"]);
    expect(found.arrivals.map(({ folder }) => folder)).toEqual(["/sub", "/sub/deep/er", "/new"]);
    expect(found.there.get("/sub")?.has("a.txt")).toBe(true);
  });

  it("goes round a file that has a folder's name", async () => {
    const found = await survey("/", [{ file: file("a"), path: "plain/a" }], [], list);
    expect(found.missing).toEqual(["/plain (2)"]);
    expect(found.arrivals[0]?.folder).toBe("/plain (2)");
  });
});
