import { expect, it } from "vitest";
import { widthOf } from "./width";

it.each([
  ["plain", 5],
  ["\tx", 9],
  ["ab\tx", 9],
  ["日本", 4],
  ["e\u0301\u0301\u200d", 1],
  ["é", 1],
  ["🎉", 2],
  ["", 0],
])("of %j is %i columns", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});
