/** What is typed into an app's form, and what that means. Pure. */

import type { AppSettings } from "@/lib/config-text";

export interface Fields {
  command: string;
  /** How the file has the command: a text, or a list, shown by a line for each word if that is clear. */
  commandForm: "text" | "lines" | "json";
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
  const commandForm = formOf(settings.command);
  return {
    command: shownCommand(settings.command, commandForm),
    commandForm,
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

function formOf(command: AppSettings["command"]): Fields["commandForm"] {
  if (typeof command === "string") return "text";
  return command.every((word) => word !== "" && !word.includes("\n")) ? "lines" : "json";
}

function shownCommand(command: AppSettings["command"], form: Fields["commandForm"]): string {
  if (typeof command === "string") return command;
  return form === "lines" ? command.join("\n") : JSON.stringify(command, null, 2);
}

/** What was typed as a command; null when it isn't one. */
export function parseCommand({ command, commandForm }: Fields): AppSettings["command"] | null {
  if (commandForm === "text") return command.trim() || null;
  if (commandForm === "json") return parseWords(command);
  const words = command.split("\n").filter((word) => word !== "");
  return words.length > 0 ? words : null;
}

function parseWords(text: string): string[] | null {
  try {
    const words: unknown = JSON.parse(text);
    const isList = Array.isArray(words) && words.length > 0;
    return isList && words.every((word) => typeof word === "string") ? words : null;
  } catch {
    return null;
  }
}

export function settingsOf(fields: Fields): AppSettings {
  return {
    enabled: fields.enabled,
    directory: fields.directory.trim(),
    command: parseCommand(fields) ?? "",
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
