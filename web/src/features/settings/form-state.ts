/** What is typed into an app's form, and what that means. Pure. */

import type { AppSettings } from "@/lib/config-text";

export interface Fields {
  command: string;
  /** The command was a list in the file, and is shown as one line for each word. */
  isList: boolean;
  directory: string;
  enabled: boolean;
  env: string;
  stopSignal: string;
  stopCommand: string;
  stopTimeout: number;
  limitMib: number;
  onFull: string;
  terminal: boolean;
}

const MIB = 1 << 20;

export function fieldsOf(settings: AppSettings): Fields {
  const isList = Array.isArray(settings.command);
  return {
    command: Array.isArray(settings.command) ? settings.command.join("\n") : settings.command,
    isList,
    directory: settings.directory,
    enabled: settings.enabled,
    env: Object.entries(settings.env)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
    stopSignal: settings["stop.signal"],
    stopCommand: settings["stop.command"],
    stopTimeout: settings["stop.timeout"],
    limitMib: settings["console.limit"] / MIB,
    onFull: settings["console.onFull"],
    terminal: settings.terminal,
  };
}

export function settingsOf(fields: Fields): AppSettings {
  return {
    enabled: fields.enabled,
    directory: fields.directory.trim(),
    command: fields.isList
      ? fields.command.split("\n").filter((word) => word !== "")
      : fields.command.trim(),
    env: parseEnv(fields.env).env,
    "stop.signal": fields.stopSignal.trim() || "SIGTERM",
    "stop.command": fields.stopCommand,
    "stop.timeout": fields.stopTimeout,
    "console.limit": Math.round(fields.limitMib * MIB),
    "console.onFull": fields.onFull,
    terminal: fields.terminal,
  };
}

/** The variables, and the first line (from 1) that is none; 0: all are. */
export function parseEnv(text: string): { env: Record<string, string>; wrongLine: number } {
  const env: Record<string, string> = {};
  let wrongLine = 0;
  text.split("\n").forEach((line, i) => {
    if (!line.trim()) return;
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at > 0 && name) env[name] = line.slice(at + 1);
    else wrongLine ||= i + 1;
  });
  return { env, wrongLine };
}
