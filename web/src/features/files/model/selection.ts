/** Which entries of a list are selected, and where the keyboard is. Pure. */

export interface Selection {
  names: ReadonlySet<string>;
  /** Where a range begins. */
  anchor: string;
  /** Where the keyboard is. */
  cursor: string;
}

export const NOTHING: Selection = { names: new Set(), anchor: "", cursor: "" };

export const only = (name: string): Selection => ({
  names: new Set([name]),
  anchor: name,
  cursor: name,
});

/** The same, with the keyboard there but nothing selected. */
export const at = (selection: Selection, name: string): Selection => ({
  ...selection,
  anchor: name,
  cursor: name,
});

export function toggled(selection: Selection, name: string): Selection {
  const names = new Set(selection.names);
  if (!names.delete(name)) names.add(name);
  return { names, anchor: name, cursor: name };
}

/** From the anchor to `name`, in the order of `list`; `adds` keeps what was selected before. */
export function ranged(
  selection: Selection,
  list: readonly string[],
  name: string,
  adds = false,
): Selection {
  const anchor = list.includes(selection.anchor) ? selection.anchor : (list[0] ?? name);
  const from = list.indexOf(anchor);
  const to = list.indexOf(name);
  if (to < 0) return selection;
  const names = new Set(adds ? selection.names : []);
  for (const each of list.slice(Math.min(from, to), Math.max(from, to) + 1)) names.add(each);
  return { names, anchor, cursor: name };
}

export function all(list: readonly string[], selection: Selection): Selection {
  return { names: new Set(list), anchor: list[0] ?? "", cursor: selection.cursor };
}

/** What a box over the rows `from` to `to` selects, on top of what was selected before. */
export function boxed(
  before: Selection,
  list: readonly string[],
  from: number,
  to: number,
): Selection {
  const inside = list.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1);
  const last = inside.at(-1) ?? before.cursor;
  return { names: new Set([...before.names, ...inside]), anchor: last, cursor: last };
}

/** The keyboard moves by `step` rows; `extends` selects all from the anchor on. */
export function moved(
  selection: Selection,
  list: readonly string[],
  step: number,
  extend: boolean,
): Selection {
  if (list.length === 0) return NOTHING;
  const now = list.indexOf(selection.cursor);
  const from = now < 0 ? (step > 0 ? -1 : list.length) : now;
  const to = Math.min(list.length - 1, Math.max(0, from + step));
  const name = list[to] ?? "";
  return extend ? ranged(selection, list, name) : only(name);
}

/** Without what isn't in the list any more; the same object when nothing is missing. */
export function within(selection: Selection, list: ReadonlySet<string>): Selection {
  const isWhole = [...selection.names].every((name) => list.has(name));
  if (isWhole && (selection.cursor === "" || list.has(selection.cursor))) return selection;
  return {
    names: new Set([...selection.names].filter((name) => list.has(name))),
    anchor: list.has(selection.anchor) ? selection.anchor : "",
    cursor: list.has(selection.cursor) ? selection.cursor : "",
  };
}

/** The next entry whose name begins with what is typed, from the cursor on and around. */
export function typedAhead(list: readonly string[], cursor: string, typed: string): string {
  const start = list.indexOf(cursor) + (typed.length > 1 ? 0 : 1);
  const wanted = typed.toLowerCase();
  for (let i = 0; i < list.length; i += 1) {
    const name = list[(Math.max(0, start) + i) % list.length] ?? "";
    if (name.toLowerCase().startsWith(wanted)) return name;
  }
  return "";
}
