import { describe, expect, it } from "vitest";
import { folded, LONGEST, plainText, shown } from "./ansi";
import { PLAIN, type Style, sequenceOf } from "./sgr";

const parts = (line: string, before: Style = PLAIN) => shown(line, before).segments;

describe("styles", () => {
  it("are kept as data", () => {
    expect(parts("a\x1b[1;31mb\x1b[0mc")).toEqual([
      { text: "a", style: {} },
      { text: "b", style: { bold: true, colour: 1 } },
      { text: "c", style: {} },
    ]);
  });

  it("know the colours of every kind", () => {
    expect(parts("\x1b[38;5;214mx")[0]?.style.colour).toBe("#ffaf00");
    expect(parts("\x1b[38;2;1;2;300mx")[0]?.style.colour).toBe("#0102ff");
    expect(parts("\x1b[38:2::1:2:3mx")[0]?.style.colour).toBe("#010203");
    expect(parts("\x1b[38:5:1;3mx")[0]?.style).toEqual({ colour: 1, italic: true });
    expect(parts("\x1b[48;5;3mx")[0]?.style.background).toBe(3);
    expect(parts("\x1b[97mx\x1b[39my")[1]?.style).toEqual({});
    expect(parts("\x1b[1;2;3mx\x1b[22my")[1]?.style).toEqual({ italic: true });
    expect(parts("\x9b31mx")[0]?.style.colour).toBe(1);
  });

  it("take the codes of other sequences for nothing", () => {
    expect(parts("\x1b[58;5;1mx\x1b[>4;1my\x1b[?1mz")).toEqual([{ text: "xyz", style: {} }]);
    expect(parts("\x1b[4:3mx\x1b[4:0my").map((part) => part.style)).toEqual([
      { underline: true },
      {},
    ]);
  });

  it("go on from the line before to the line after", () => {
    const first = shown("a\x1b[31mb", PLAIN);
    const second = shown("c\x1b[1md", first.after);

    expect(second.segments).toEqual([
      { text: "c", style: { colour: 1 } },
      { text: "d", style: { colour: 1, bold: true } },
    ]);
    expect(shown("", second.after).after).toEqual({ colour: 1, bold: true });
    expect(shown("\x1b[m", second.after).after).toEqual({});
  });
});

describe("everything else", () => {
  it.each([
    ["\x1b]0;title\x07text", "text"],
    ["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["\x9d0;title\x9ctext\x90dcs\x9c", "text"],
    ["\x1b]0;title\x1b[31mtext", "text"],
    ["\x1bPdata\x1b\\text\x1b_more\x1b\\", "text"],
    ["\x1b[2J\x1b[Htext", "text"],
    ["\x1b(Btext\x1b[?25h", "text"],
    ["bell\x07 null\x00 c1\x9b", "bell null c1"],
    ["an end \x1b", "an end "],
    ["an end \x1b[38;5", "an end "],
    ["an end \x1b]8;;http://x", "an end "],
    ["broken \x1b[31é", "broken é"],
    ["user\u202egpj.exe\u2066\u2069\u200b\ufeff", "usergpj.exe"],
    ["two\u2028lines", "twolines"],
    ["<b>&amp;</b>\ttab", "<b>&amp;</b>\ttab"],
  ])("is dropped: %j", (line, text) => {
    expect(plainText(line)).toBe(text);
  });

  it("draws the frames of old terminals", () => {
    expect(plainText("\x1b(0lqqk\x1b(B lqqk")).toBe("┌──┐ lqqk");
  });
});

describe("what is written over", () => {
  it.each([
    ["10 %\r50 %\r100 %", "100 %"],
    ["done\r", "done"],
    ["long text\rshort", "shorttext"],
    ["long text\r\x1b[Kshort", "short"],
    ["long text\x1b[2K\rshort", "short"],
    ["| \b\b/ \b\b- \b\bdone", "done"],
    ["abc\b\b\b\b\bx", "xbc"],
    ["a\x1b[3Cb", "a   b"],
    ["abcdef\x1b[3Dx", "abcxef"],
    ["abcdef\x1b[2Gx", "axcdef"],
    ["abcdef\x1b[3D\x1b[1K", "    ef"],
    ["e\u0301\rx", "x"],
  ])("shows its last state: %j", (line, text) => {
    expect(plainText(line)).toBe(text);
  });

  it("has the colours of what stays", () => {
    expect(parts("\x1b[31mabc\x1b[0m\rx")).toEqual([
      { text: "x", style: {} },
      { text: "bc", style: { colour: 1 } },
    ]);
  });
});

describe("hostile lines", () => {
  const hostile: [string, string][] = [
    ["10 million letters", "x".repeat(10_000_000)],
    ["letters behind a return", `\r${"x".repeat(1_000_000)}`],
    ["a title without an end", `\x1b]0;${"x".repeat(10_000_000)}`],
    ["a sequence without an end", `\x1b[${"1;".repeat(2_000_000)}`],
    ["colours in a row", `\x1b[${"38;5;".repeat(200_000)}m`],
    ["begun sequences", "\x1b[".repeat(300_000)],
    ["begun titles", "\x1b]".repeat(300_000)],
    ["a colour for each letter", "\x1b[31mx\x1b[32my".repeat(30_000)],
    ["accents", `a${"\u0301".repeat(300_000)}\b`],
    ["moves", "\x1b[999999999C\x1b[99999Gx".repeat(50_000)],
    ["backspaces", `${"\b".repeat(300_000)}x`],
  ];

  it.each(hostile)("are bounded, and read in one pass: %s", (_, line) => {
    const began = performance.now();
    const look = shown(line, PLAIN);
    const text = look.segments.map((segment) => segment.text).join("");

    expect(performance.now() - began).toBeLessThan(3000); // a second pass takes minutes
    expect(text.length).toBeLessThanOrEqual(LONGEST);
    expect(look.segments.length).toBeLessThanOrEqual(1000);
    expect(folded(line, PLAIN).length).toBeLessThan(5 * LONGEST);
  });
});

describe("a line that was folded", () => {
  // Pieces of lines in an order that is always the same, but of no plan.
  const pieces = [
    "ab",
    "\r",
    "\b",
    "\x1b[31m",
    "\x1b[0m",
    "\x1b[1;44m",
    "\x1b[K",
    "\x1b[2D",
    "\x1b[",
  ];
  const more = ["3", "m", "é\u0301", "\x1b]0;t", "\x07", "x y", "\x1b[5G"];
  let seed = 1;
  const any = () => {
    seed = (seed * 48271) % 2147483647;
    return [...pieces, ...more][seed % (pieces.length + more.length)] ?? "";
  };
  const line = () => Array.from({ length: 12 }, any).join("");
  const look = (text: string) => {
    const { segments, after } = shown(text, PLAIN);
    const letters = segments.flatMap((part) =>
      [...part.text].map((letter) => letter + sequenceOf(part.style)),
    );
    return { letters, after: sequenceOf(after) };
  };

  it("looks the same, and goes on the same", () => {
    for (let i = 0; i < 2000; i += 1) {
      const [first, second] = [line(), line()];
      expect(look(folded(first, PLAIN)), JSON.stringify(first)).toEqual(look(first));
      expect(look(folded(first, PLAIN) + second), JSON.stringify([first, second])).toEqual(
        look(first + second),
      );
    }
  });
});
