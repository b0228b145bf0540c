/** What kind of thing a session is used from, read from how it calls itself. Pure. */

export interface Device {
  /** "Firefox on Linux", "curl"; "" when it didn't say. */
  label: string;
  kind: "computer" | "phone" | "program";
}

// The first that fits counts: most browsers call themselves by the names of others, too.
const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/(Firefox|FxiOS)\//, "Firefox"],
  [/(Chrome|Chromium|CriOS)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPod/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/\bCrO[S]\b/, "ChromeOS"],
  [/Linux/, "Linux"],
];
const PHONES = new Set(["Android", "iPhone", "iPad"]);

const named = (names: [RegExp, string][], text: string): string =>
  names.find(([pattern]) => pattern.test(text))?.[1] ?? "";

export function deviceOf(userAgent: string): Device {
  const browser = named(BROWSERS, userAgent);
  if (!browser) return { label: userAgent.split(/[/ (;]/)[0] ?? "", kind: "program" };
  const system = named(SYSTEMS, userAgent);
  return {
    label: system ? `${browser} on ${system}` : browser,
    kind: PHONES.has(system) ? "phone" : "computer",
  };
}
