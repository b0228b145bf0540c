import { expect, it } from "vitest";
import { faultsOf } from "./json-faults";

it("finds faults where they are, and takes comments", () => {
  expect(faultsOf('{ "a": 1 /* x */ } // y')).toEqual([]);
  expect(faultsOf('{ "a" 1 }')).toMatchObject([{ from: 6, message: "A colon belongs here." }]);
  expect(faultsOf("")).toHaveLength(1);
});

it("takes commas at the end where they are allowed", () => {
  expect(faultsOf('{ "a": 1, }', { allowTrailingComma: true })).toEqual([]);
  expect(faultsOf('{ "a": 1, }')).not.toEqual([]);
});
