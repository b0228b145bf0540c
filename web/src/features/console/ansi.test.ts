import { describe, expect, it } from "vitest";
import { parse, plainText } from "./ansi";

describe("styles", () => {
  it("are kept as data", () => {
    expect(parse("a\x1b[1;31mb\x1b[0mc")).toEqual([
      { text: "a", style: {} },
      { text: "b", style: { bold: true, colour: 1 } },
      { text: "c", style: {} },
    ]);
  });

  it("know the colours of every kind", () => {
    expect(parse("\x1b[38;5;214mx")[0]?.style.colour).toBe("#ffaf00");
    expect(parse("\x1b[38;2;1;2;300mx")[0]?.style.colour).toBe("#0102ff");
    expect(parse("\x1b[48;5;3mx")[0]?.style.background).toBe(3);
    expect(parse("\x1b[97mx\x1b[39my")[1]?.style).toEqual({});
    expect(parse("\x1b[1;2;3mx\x1b[22my")[1]?.style).toEqual({ italic: true });
  });
});

describe("everything else", () => {
  it.each([
    ["\x1b]0;title\x07text", "text"],
    ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["\x1b[2J\x1b[Htext", "text"],
    ["\x1b(Btext\x1b[?25h", "text"],
    ["bell\x07 null\x00 c1\x9b", "bell null c1"],
    ["an end \x1b", "an end "],
    ["<b>&amp;</b>\ttab", "<b>&amp;</b>\ttab"],
  ])("is dropped: %j", (line, text) => {
    expect(plainText(line)).toBe(text);
    expect(
      parse(line)
        .map((segment) => segment.text)
        .join(""),
    ).toBe(text);
  });
});

it("shows what was written last over a line", () => {
  expect(plainText("10 %\r50 %\r100 %")).toBe("100 %");
  expect(plainText("done\r")).toBe("done");
});
