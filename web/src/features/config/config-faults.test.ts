import { expect, it } from "vitest";
import { keyAt, offsetOf, placeAt, placeIn } from "./config-faults";

it("knows which key stands where", () => {
  const text = '{ "servers": { "my app": { "stop": { "timeout": 5 } } } }';
  expect(keyAt(text, text.indexOf("timeout"))).toMatchObject({ key: "servers.NAME.stop.timeout" });
  expect(keyAt(text, text.indexOf("5"))).toBeNull();
});

it("reads the place out of the daemon's sentence", () => {
  expect(placeIn("config.json, line 12, column 7: no.")).toEqual({ line: 12, column: 7 });
  expect(placeIn("no")).toBeNull();
});

it("finds the place of an offset again", () => {
  const text = "one\n😀 two\nthree";
  for (const place of [
    { line: 1, column: 1 },
    { line: 2, column: 3 },
    { line: 3, column: 6 },
  ]) {
    expect(placeAt(text, offsetOf(text, place))).toEqual(place);
  }
});

it("finds the offset of a place, counted in characters", () => {
  const text = "one\n😀 two\nthree";
  expect(offsetOf(text, { line: 1, column: 2 })).toBe(1);
  expect(offsetOf(text, { line: 2, column: 3 })).toBe(text.indexOf("two"));
  expect(offsetOf(text, { line: 3, column: 1 })).toBe(text.indexOf("three"));
  expect(offsetOf(text, { line: 99, column: 99 })).toBe(text.length);
});
