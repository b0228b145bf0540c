import { describe, expect, it } from "vitest";
import { appNames, appSettings, DEFAULTS, withApp, withoutApp } from "./config-text";

const TEXT = `{
  // the port
  "port": 1,
  "servers": {
    "a": { "command": "run a", "stop": { "timeout": 5 } }, // one
    /* two */
    "b.c": { "command": ["x", "y"] },
  },
}
`;

it("reads apps with their defaults", () => {
  expect(appNames(TEXT)).toEqual(["a", "b.c"]);
  expect(appSettings(TEXT, "a")).toMatchObject({
    command: "run a",
    "stop.timeout": 5,
    enabled: true,
  });
  expect(appSettings(TEXT, "none")).toBeNull();
  expect(appNames("{ broken")).toEqual([]);
});

describe("a change", () => {
  it("touches its own place only", () => {
    const settings = appSettings(TEXT, "a") ?? DEFAULTS;
    const after = withApp(TEXT, "a", { ...settings, "stop.timeout": 9 });
    expect(after).toBe(TEXT.replace('"timeout": 5', '"timeout": 9'));
    expect(withApp(TEXT, "a", settings)).toBe(TEXT);
  });

  it("takes a key out that has its default again", () => {
    const settings = appSettings(TEXT, "a") ?? DEFAULTS;
    const after = withApp(TEXT, "a", { ...settings, "stop.timeout": 30 });
    expect(after).not.toContain("timeout");
    expect(after).toContain("// one");
  });
});

it("adds an app, also to a file without any", () => {
  for (const text of [TEXT, "{}", '{\n  "port": 1\n}\n']) {
    const after = withApp(text, 'new "one"', { ...DEFAULTS, command: "run", env: { A: "1" } });
    expect(appSettings(after, 'new "one"')).toMatchObject({ command: "run", env: { A: "1" } });
  }
  expect(withApp(TEXT, "new", { ...DEFAULTS, command: "x" })).toContain("/* two */");
});

it("removes an app and leaves the comments of others", () => {
  const after = withoutApp(TEXT, "b.c");
  expect(appNames(after)).toEqual(["a"]);
  expect(after).toContain("// the port");
});
