import { expect, it } from "vitest";
import { Layout } from "./layout";
import { lineOf } from "./log-window";

const lines = ["", "short", "x".repeat(25), "end"].map((text) => lineOf(text, 0, 0));

it("has a row for each line that isn't wrapped", () => {
  const layout = new Layout(lines, 0);
  expect([layout.rows, layout.top(2), layout.at(2.7), layout.at(99)]).toEqual([4, 2, 2, 3]);
});

it("counts the rows of wrapped lines", () => {
  const layout = new Layout(lines, 10);
  expect([layout.rows, layout.top(2), layout.top(3)]).toEqual([6, 2, 5]);
  expect([0, 1, 2, 4.9, 5, 99].map((row) => layout.at(row))).toEqual([0, 1, 2, 2, 3, 3]);
});

it("may be empty", () => {
  const layout = new Layout([], 10);
  expect([layout.rows, layout.at(3), layout.top(5)]).toEqual([0, 0, 0]);
});
