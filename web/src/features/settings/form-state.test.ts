import { expect, it } from "vitest";
import { DEFAULTS } from "@/lib/config-text";
import { fieldsOf, parseCommand, parseEnv, settingsOf } from "./form-state";

it("gives back what it was given", () => {
  const settings = {
    ...DEFAULTS,
    command: ["java", "-jar", "a b.jar"],
    env: { A: "1=2", B: "" },
    "console.limit": 1 << 20,
  };
  expect(settingsOf(fieldsOf(settings))).toEqual(settings);
  expect(settingsOf(fieldsOf(DEFAULTS))).toEqual(DEFAULTS);
});

it("keeps words that hold line ends, or nothing", () => {
  for (const command of [
    ["sh", "-c", "a\nb"],
    ["x", ""],
    ["one", "two"],
  ]) {
    expect(settingsOf(fieldsOf({ ...DEFAULTS, command })).command).toEqual(command);
  }
  const fields = fieldsOf({ ...DEFAULTS, command: ["a\nb"] });
  expect(parseCommand({ ...fields, command: "[1]" })).toBeNull();
  expect(parseCommand({ ...fields, command: "broken" })).toBeNull();
});

it("finds the first line that is no variable", () => {
  expect(parseEnv("A=1\n\n=2\nB")).toEqual({ env: { A: "1" }, wrongLine: 3 });
  expect(parseEnv(" A = x ")).toEqual({ env: { A: " x " }, wrongLine: 0 });
});
