import { expect, it } from "vitest";
import { piecesOf } from "./pieces";

const red = { colour: 1 };
const line = [
  { text: "[WARN]", style: red },
  { text: " see https://x.example/a", style: {} },
  { text: "?b=1). ok", style: red },
];

it("leaves a line as it is that holds nothing of them", () => {
  expect(piecesOf([{ text: "plain", style: red }], "x")).toEqual([{ text: "plain", style: red }]);
});

it("finds links and words across the styles", () => {
  const href = "https://x.example/a?b=1";
  expect(piecesOf(line, "warn] SEE")).toEqual([
    { text: "[", style: red },
    { text: "WARN]", style: red, isFound: true },
    { text: " see", style: {}, isFound: true },
    { text: " ", style: {} },
    { text: "https://x.example/a", style: {}, href },
    { text: "?b=1", style: red, href },
    { text: "). ok", style: red },
  ]);
});

it("marks inside a link", () => {
  const pieces = piecesOf([{ text: "https://x.example/abc", style: {} }], "example");
  expect(pieces.map((piece) => [piece.text, piece.isFound ?? false, piece.href])).toEqual([
    ["https://x.", false, "https://x.example/abc"],
    ["example", true, "https://x.example/abc"],
    ["/abc", false, "https://x.example/abc"],
  ]);
});

it("marks the right letters behind those that grow when they are made small", () => {
  expect(piecesOf([{ text: "İİ x", style: {} }], "X")[1]).toEqual({
    text: "x",
    style: {},
    isFound: true,
  });
});

it("has few pieces, however many places there are", () => {
  const many = piecesOf([{ text: "ab".repeat(10_000), style: {} }], "a");
  expect(many.length).toBeLessThan(1100);
  expect(many.map((piece) => piece.text).join("")).toBe("ab".repeat(10_000));
});
