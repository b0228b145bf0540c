/** The commands typed for an app, the newest last, kept in this browser. */

import { recall, remember } from "@/lib/storage";

const MOST = 200;
const LONGEST = 2000; // characters of a command that is remembered

export function commands(app: string): string[] {
  return recall<string[]>(`commands:${app}`, []);
}

export function addCommand(app: string, text: string): void {
  if (text.length > LONGEST) return;
  const before = commands(app).filter((each) => each !== text);
  remember(`commands:${app}`, [...before, text].slice(-MOST));
}
