import { expect, it } from "vitest";
import { faultsOf, keyAt, offsetOf, placeIn } from "./config-faults";

it("finds faults where they are, and takes comments and trailing commas", () => {
  expect(faultsOf('{ "a": 1, /* x */ } // y')).toEqual([]);
  expect(faultsOf('{ "a" 1 }')).toMatchObject([{ from: 6, message: "A colon belongs here." }]);
  expect(faultsOf("")).toHaveLength(1);
});

it("knows which key stands where", () => {
  const text = '{ "servers": { "my app": { "stop": { "timeout": 5 } } } }';
  expect(keyAt(text, text.indexOf("timeout"))).toMatchObject({ key: "servers.NAME.stop.timeout" });
  expect(keyAt(text, text.indexOf("5"))).toBeNull();
});

it("reads the place out of the daemon's sentence", () => {
  expect(placeIn("config.json, line 12, column 7: no.")).toEqual({ line: 12, column: 7 });
  expect(placeIn("no")).toBeNull();
});

it("finds the offset of a place, counted in characters", () => {
  const text = "one\n😀 two\nthree";
  expect(offsetOf(text, { line: 1, column: 2 })).toBe(1);
  expect(offsetOf(text, { line: 2, column: 3 })).toBe(text.indexOf("two"));
  expect(offsetOf(text, { line: 3, column: 1 })).toBe(text.indexOf("three"));
  expect(offsetOf(text, { line: 99, column: 99 })).toBe(text.length);
});
