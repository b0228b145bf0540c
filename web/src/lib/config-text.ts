/** Changes to the config file's text that leave its comments and its layout alone. Pure. */

import {
  applyEdits,
  findNodeAtLocation,
  getNodeValue,
  modify,
  type ParseError,
  parseTree,
} from "jsonc-parser";

const OPTIONS = { allowTrailingComma: true, disallowComments: false };

/** What an app's form holds, with the defaults of docs/config.md. */
export interface AppSettings {
  enabled: boolean;
  directory: string;
  command: string | string[];
  env: Record<string, string>;
  "stop.signal": string;
  "stop.command": string;
  "stop.timeout": number;
  "console.limit": number;
  "console.onFull": string;
  terminal: boolean;
}

export const DEFAULTS: AppSettings = {
  enabled: true,
  directory: "",
  command: "",
  env: {},
  "stop.signal": "SIGTERM",
  "stop.command": "",
  "stop.timeout": 30,
  "console.limit": 134_217_728,
  "console.onFull": "drop",
  terminal: false,
};

const KEYS = Object.keys(DEFAULTS) as (keyof AppSettings)[];

/** The text as JSON, or undefined when it has a fault. */
function rootOf(text: string) {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, OPTIONS);
  return errors.length === 0 ? root : undefined;
}

export function appNames(text: string): string[] {
  const root = rootOf(text);
  const servers: unknown = root && getNodeValue(root)?.servers;
  return servers && typeof servers === "object" ? Object.keys(servers) : [];
}

/** An app's settings as the file has them; null when it has no such app. */
export function appSettings(text: string, name: string): AppSettings | null {
  const root = rootOf(text);
  const node = root && findNodeAtLocation(root, ["servers", name]);
  if (!root || !node) return null;
  const found: [string, unknown][] = KEYS.map((key) => {
    const at = findNodeAtLocation(node, key.split("."));
    return [key, at ? getNodeValue(at) : DEFAULTS[key]];
  });
  return Object.fromEntries(found) as unknown as AppSettings;
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The text with an app's settings changed, or with the app added. */
export function withApp(text: string, name: string, settings: AppSettings): string {
  const before = appSettings(text, name);
  let after = before ? text : edited(text, ["servers", name], {});
  for (const key of KEYS) {
    if (isSame(settings[key], (before ?? DEFAULTS)[key])) continue;
    const value = isSame(settings[key], DEFAULTS[key]) ? undefined : settings[key];
    after = edited(after, ["servers", name, ...key.split(".")], value);
  }
  return after;
}

export function withoutApp(text: string, name: string): string {
  return edited(text, ["servers", name], undefined);
}

function edited(text: string, path: string[], value: unknown): string {
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  const formattingOptions = indent.startsWith("\t")
    ? { insertSpaces: false, tabSize: 4, eol: "\n" }
    : { insertSpaces: true, tabSize: indent.length, eol: "\n" };
  return applyEdits(text, modify(text, path, value, { formattingOptions }));
}
