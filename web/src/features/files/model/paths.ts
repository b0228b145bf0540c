/** Paths within an app's directory: "/" is the directory itself, names are joined by "/". Pure. */

export const ROOT = "/";

/** One "/" at the start, none at the end; "." and "" are nothing, ".." goes up and stops at the top. */
export function normal(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return ROOT + names.join("/");
}

export function join(folder: string, ...names: string[]): string {
  return normal([folder, ...names].join("/"));
}

export function parentOf(path: string): string {
  const place = normal(path);
  return place.slice(0, place.lastIndexOf("/")) || ROOT;
}

export function nameOf(path: string): string {
  const place = normal(path);
  return place.slice(place.lastIndexOf("/") + 1);
}

export interface Crumb {
  name: string;
  path: string;
}

/** The folders from the top (whose name is "") to this one. */
export function crumbs(path: string): Crumb[] {
  const found: Crumb[] = [{ name: "", path: ROOT }];
  let place = "";
  for (const name of normal(path).split("/").filter(Boolean)) {
    place += `/${name}`;
    found.push({ name, path: place });
  }
  return found;
}

/** Whether `path` is `folder` or anywhere beneath it. */
export function isWithin(path: string, folder: string): boolean {
  const place = normal(path);
  const top = normal(folder);
  return top === ROOT || place === top || place.startsWith(`${top}/`);
}

const DOUBLE = /\.(tar\.(?:gz|xz|zst|bz2))$/i;

/** The name without its ending, and the ending with its dot: "a.tar.gz" is "a" and ".tar.gz". */
export function split(name: string): { stem: string; ending: string } {
  const double = DOUBLE.exec(name);
  const at = double ? double.index : name.lastIndexOf(".");
  return at > 0 ? { stem: name.slice(0, at), ending: name.slice(at) } : { stem: name, ending: "" };
}

export type NameFault = "empty" | "dots" | "slash" | "long" | "taken";

const LONGEST_BYTES = 255;

/** What keeps a name from being given to a file in a folder that holds `taken`. */
export function faultOf(name: string, taken: ReadonlySet<string>): NameFault | undefined {
  if (name.trim() === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (name.includes("/") || name.includes("\0")) return "slash";
  if (new TextEncoder().encode(name).length > LONGEST_BYTES) return "long";
  return taken.has(name) ? "taken" : undefined;
}

/** `name`, or the first of "name (2)", "name (3)" that is free; endings stay behind. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  const { stem, ending } = split(name);
  const numbered = /^(.*) \((\d+)\)$/.exec(stem);
  const base = numbered?.[1] ?? stem;
  for (let i = numbered ? Number(numbered[2]) + 1 : 2; ; i += 1) {
    const candidate = `${base} (${i})${ending}`;
    if (!isTaken(candidate)) return candidate;
  }
}
