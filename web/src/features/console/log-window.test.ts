import { describe, expect, it } from "vitest";
import type { ConsoleOutput, LogPage } from "@/lib/wire.gen";
import { plainText } from "./ansi";
import { LogWindow } from "./log-window";

const output = (
  data: string,
  offset: number,
  more: Partial<ConsoleOutput> = {},
): ConsoleOutput => ({
  type: "output",
  data,
  offset,
  next: offset + data.length + 1,
  time: 1000,
  ...more,
});

const page = (texts: string[], offset: number, more: Partial<LogPage> = {}): LogPage => {
  let at = offset;
  const lines = texts.map((text) => {
    const line = { offset: at, time: 5, text };
    at += text.length + 1;
    return line;
  });
  return { lines, start: 0, end: at, ...more };
};

const texts = (log: LogWindow) => log.lines.map((line) => line.text);

describe("live output", () => {
  it("is cut into lines, each with its time", () => {
    const log = new LogWindow();
    log.append(
      output("a\nb\nc", 10, {
        times: [
          [0, 1],
          [2, 3],
        ],
      }),
    );
    expect(log.lines.map((line) => [line.text, line.time])).toEqual([
      ["a", 1],
      ["b", 1],
      ["c", 3],
    ]);
    expect([log.start, log.end]).toEqual([10, 16]);
  });

  it("goes on with a line that wasn't finished", () => {
    const log = new LogWindow();
    log.append(output("name", 0, { partial: true, next: 4 }));
    expect(log.append(output("? \nnext", 4))).toBe(1);
    expect(texts(log)).toEqual(["name? ", "next"]);
  });

  it("finds the unfinished line behind what was typed", () => {
    const log = new LogWindow();
    log.append(output(">", 0, { partial: true, next: 1 }));
    log.note("help", "echo", 0);
    log.append(output(" ok", 1));
    expect(texts(log)).toEqual(["> ok", "help"]);
  });

  it("may begin with nothing", () => {
    const log = new LogWindow();
    log.append(output("", 7, { next: 7 }));
    expect([log.count, log.start, log.end]).toEqual([0, 7, 7]);
  });
});

describe("pages", () => {
  it("go before and behind what is held, and lines keep their numbers", () => {
    const log = new LogWindow();
    log.append(output("c\nd", 4));
    const number = log.base;
    log.prepend(page(["a", "b"], 0));
    expect(texts(log)).toEqual(["a", "b", "c", "d"]);
    expect(log.base).toBe(number - 2);
    expect([log.start, log.hasEarlier]).toEqual([0, false]);
    log.extend(page(["e"], 8, { next: 10 }));
    expect(log.end).toBe(10);
  });
});

it("leaves the log's last line to the live output, because it may go on", () => {
  const log = new LogWindow();
  log.extend(page(["a", "name? "], 0));
  expect([texts(log), log.end]).toEqual([["a"], 2]);
  log.append(output("name? ", 2, { partial: true, next: 8 }));
  log.append(output("you", 8));
  expect(texts(log)).toEqual(["a", "name? you"]);
});

describe("letting go", () => {
  it("cuts where the offset is known, so that what went can be read again", () => {
    const log = new LogWindow();
    log.append(output("a\nb\nc", 0));
    log.append(output("d", 6));
    log.trimStart(3);
    expect(texts(log)).toEqual(["d"]);
    expect([log.start, log.hasEarlier]).toEqual([6, true]);
  });

  it("cuts the end the same way", () => {
    const log = new LogWindow();
    log.extend(page(["a", "b", "c"], 0, { next: 6 }));
    expect(log.trimEnd(2)).toBe(true);
    expect([texts(log), log.end]).toEqual([["a", "b"], 4]);
    expect(log.trimEnd(2)).toBe(false);
  });

  it("keeps a message whole whose lines have no offsets of their own", () => {
    const log = new LogWindow();
    log.append(output("a\nb\nc", 0));
    log.trimStart(1);
    expect(log.count).toBe(3);
  });
});

it("says what is missing", () => {
  const log = new LogWindow();
  log.append(output("a", 0));
  log.gap("gone", 50);
  log.append(output("b", 50));
  expect(log.lines.map((line) => line.kind)).toEqual(["output", "gap", "output"]);
});

it("finds the line of an offset", () => {
  const log = new LogWindow();
  log.extend(page(["aa", "bb", "cc"], 0, { next: 9 }));
  expect(log.find(4)).toBe(1);
});

describe("styles", () => {
  const colours = (log: LogWindow) => log.lines.map((line) => line.before.colour);

  it("go on from line to line", () => {
    const log = new LogWindow();
    log.append(output("\x1b[31ma\nb\n\x1b[0mc\nd", 0));
    expect(colours(log)).toEqual([undefined, 1, 1, undefined]);
    log.append(output("\x1b[32me", 40));
    log.note("typed", "echo", 0);
    log.append(output("f", 60));
    expect(colours(log).slice(4)).toEqual([undefined, 2, 2]);
  });

  it("end with a gap, and with what the daemon says", () => {
    const log = new LogWindow();
    log.append(output("\x1b[31ma\n[Octyne] Server x has crashed!\nb", 0));
    expect(colours(log)).toEqual([undefined, undefined, undefined]);
    log.append(output("\x1b[31mc", 50));
    log.gap("gone", 90);
    log.append(output("d", 90));
    expect(log.lines.slice(3).map((line) => line.after.colour)).toEqual([1, undefined, undefined]);
  });

  it("of a page before reach into lines whose style was not known", () => {
    const log = new LogWindow();
    log.append(output("b\nc\n\x1b[0md\ne", 100));
    log.prepend(page(["x", "\x1b[31ma"], 50, { previous: 50 }));
    expect(colours(log)).toEqual([undefined, undefined, 1, 1, 1, undefined]);
  });

  it("that were known stay when lines went and come again", () => {
    const log = new LogWindow();
    log.append(output("\x1b[31ma", 0));
    log.append(output("b", 10));
    log.append(output("c", 20));
    log.trimStart(1);
    expect(colours(log)).toEqual([1]);
    log.prepend(page(["b"], 10, { previous: 10 }));
    expect(colours(log)).toEqual([1, 1]);
    log.prepend(page(["\x1b[31ma"], 0));
    expect(colours(log)).toEqual([undefined, 1, 1]);
  });

  it("stay when what is held is cleared at its end", () => {
    const log = new LogWindow();
    log.append(output("\x1b[31ma", 0));
    log.clear(log.end, false);
    log.append(output("b", log.end));
    expect(colours(log)).toEqual([1]);
    log.clear(500, true);
    log.append(output("c", 500));
    expect(colours(log)).toEqual([undefined]);
  });

  it("reach the lines behind an unfinished one", () => {
    const log = new LogWindow();
    log.append(output(">", 0, { partial: true, next: 1 }));
    log.note("typed", "echo", 0);
    log.append(output("\x1b[31m ok\nnext", 1));
    expect(colours(log)).toEqual([undefined, 1, 1]);
  });
});

describe("what is held", () => {
  it("stays small while a line goes on for ever", () => {
    const log = new LogWindow();
    for (let i = 0; i < 3000; i += 1) {
      const text = `\r\x1b[32mframe ${i} of many, and some more to say\x1b[0m`;
      log.append(output(text, i * 100, { partial: true, next: (i + 1) * 100 }));
    }
    expect(log.count).toBe(1);
    expect(log.lines[0]?.text.length).toBeLessThan(30_000);
    expect(plainText(log.lines[0]?.text ?? "")).toBe("frame 2999 of many, and some more to say");
  });

  it("is bounded in characters, too", () => {
    const log = new LogWindow();
    for (let i = 0; i < 1000; i += 1) log.append(output("x".repeat(100_000), i * 100_001));
    log.trimStart(10_000);
    expect(log.lines.reduce((sum, line) => sum + line.text.length, 0)).toBeLessThan(17_000_000);
    expect(log.lines[0]?.cells).toBe(20_000);
  });
});
