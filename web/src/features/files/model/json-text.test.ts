import { expect, it } from "vitest";
import { faultIn, formattedJson, isCompact, isJson } from "./json-text";

it("puts one value on each line, and changes no value", () => {
  const text = '{"a":[1,{"b":12345678901234567890}],"c":{},"d":[ ],"e":"x: {\\u00e4,"}';
  const formatted = formattedJson(text);
  expect(formatted.split("\n")).toEqual([
    "{",
    '  "a": [',
    "    1,",
    "    {",
    '      "b": 12345678901234567890',
    "    }",
    "  ],",
    '  "c": {},',
    '  "d": [],',
    '  "e": "x: {\\u00e4,"',
    "}",
  ]);
  expect(formattedJson(formatted)).toBe(formatted);
});

it("keeps comments", () => {
  const formatted = formattedJson('{ // one\r\n "a": 1, /* two */ "b": 2 }');
  expect(formatted).toBe('{\n  // one\n  "a": 1,\n  /* two */\n  "b": 2\n}');
});

it("is bounded for nonsense of any depth", () => {
  const text = "[".repeat(50_000) + "]".repeat(50_000);
  expect(formattedJson(text).length).toBeLessThan(10_000_000);
});

it("says what is wrong and where", () => {
  expect(faultIn('{"a": 1}')).toBeUndefined();
  expect(faultIn(" ")).toBeUndefined();
  const fault = faultIn('{\n  "a": 1\n  "b": 2\n}');
  expect(fault).toMatchObject({ line: 3, column: 3, message: "A comma belongs here." });
});

it("knows JSON by its name, and what no person has laid out", () => {
  expect(["a.json", "b.JSONC", "c.json5", "json"].map(isJson)).toEqual([true, true, false, false]);
  expect(isCompact(`{"a":"${"x".repeat(500)}"}`)).toBe(true);
  expect(isCompact(`{\n"a":"${"x".repeat(500)}"}`)).toBe(false);
});
