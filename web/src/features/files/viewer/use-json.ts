import { type RefObject, useState } from "react";
import { type FaultPlace, faultIn, formattedJson, isCompact, isJson } from "../model/json-text";
import type { EditorHandle } from "./code";

export interface Json {
  fault: FaultPlace | undefined;
  /** What is in the editor, laid out; `undefined` while the editor itself is shown. */
  formatted: string | undefined;
  show: (isFormatted: boolean) => void;
  /** After the text was saved, or read anew. */
  check: () => void;
}

/** A JSON file's fault and formatted view; nothing for other files. */
export function useJson(
  name: string,
  text: string,
  line: number,
  handle: RefObject<EditorHandle | null>,
): Json | undefined {
  const [state, setState] = useState(() => {
    const fault = isJson(name) ? faultIn(text) : undefined;
    const isBetterFormatted = isJson(name) && !fault && line === 0 && isCompact(text);
    return { fault, formatted: isBetterFormatted ? formattedJson(text) : undefined };
  });
  if (!isJson(name)) return undefined;
  const look = (isFormatted: boolean) => {
    const now = handle.current?.text() ?? text;
    const fault = faultIn(now);
    setState({ fault, formatted: isFormatted && !fault ? formattedJson(now) : undefined });
  };
  return { ...state, show: look, check: () => look(state.formatted !== undefined) };
}
