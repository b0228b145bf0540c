import { expect, it } from "vitest";
import { deviceOf } from "./device";

const LIKE = "AppleWebKit/537.36 (KHTML, like Gecko)";

it.each([
  [`Mozilla/5.0 (X11; Linux x86_64) ${LIKE} HeadlessChrome/140.0 Safari/537.36`, "Chrome on Linux"],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${LIKE} Chrome/140.0 Safari/537.36 Edg/140.0`,
    "Edge on Windows",
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Firefox on macOS",
  ],
])("names browsers and systems", (userAgent, label) => {
  expect(deviceOf(userAgent)).toEqual({ label, kind: "computer" });
});

it("knows phones and programs", () => {
  const phone = `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${LIKE} Chrome/140.0 Mobile Safari/537.36`;
  expect(deviceOf(phone)).toEqual({ label: "Chrome on Android", kind: "phone" });
  expect(deviceOf("curl/8.5.0")).toEqual({ label: "curl", kind: "program" });
  expect(deviceOf("Python/3.11 aiohttp/3.9")).toEqual({ label: "Python", kind: "program" });
  expect(deviceOf("")).toEqual({ label: "", kind: "program" });
});
