import { expect, it } from "vitest";
import { bytes, duration, percent } from "./format";

it.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [150 * 1024, "150 KiB"],
  [1024 * 1024 - 1, "1.0 MiB"],
  [5.25 * 1024 ** 3, "5.3 GiB"],
])("%d bytes are %s", (count, text) => expect(bytes(count)).toBe(text));

it.each([
  [0, "0 %"],
  [0.04, "0.0 %"],
  [9.94, "9.9 %"],
  [9.96, "10 %"],
  [250.4, "250 %"],
])("%d is %s", (value, text) => expect(percent(value)).toBe(text));

it.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_725_000, "1 h 2 min"],
  [86_400_000, "1 d"],
  [90_000_000, "1 d 1 h"],
])("%d ms are %s", (ms, text) => expect(duration(ms)).toBe(text));
