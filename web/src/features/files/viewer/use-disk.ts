import { type RefObject, useEffect, useRef, useState } from "react";
import { failed, told } from "@/components/notify";
import { ApiError } from "@/lib/http";
import { t } from "@/lib/messages";
import { writeFile } from "../api";
import { touched } from "../changes";
import { decoded, encoded, type TextFile } from "../model/text-file";
import type { EditorHandle } from "./code";
import { contentOf, headOf, isGone } from "./use-file";

/** What is on the disk in place of what was read; no text when nothing is. */
export interface DiskConflict {
  text: string | undefined;
  tag: string;
}

interface Wiring {
  app: string;
  path: string;
  file: TextFile;
  tag: string;
  handle: RefObject<EditorHandle | null>;
  isChanged: boolean;
  isShown: boolean;
}

const CHANGED = 412;

/** Keeps the editor and the file together: saves only over what was read, and notices changes. */
export function useDisk(wiring: Wiring) {
  const { app, path, file, handle, isShown } = wiring;
  const tag = useRef(wiring.tag);
  const [isBusy, setBusy] = useState(false);
  const [isStale, setStale] = useState(false);
  const [conflict, setConflict] = useState<DiskConflict>();

  async function write(text: string, over: string): Promise<boolean> {
    setBusy(true);
    try {
      tag.current = await writeFile(app, path, encoded(text, file), over);
      setStale(false);
      setConflict(undefined);
      touched(app);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === CHANGED) await compare();
      else failed(error);
      return false;
    } finally {
      setBusy(false);
    }
  }

  async function save(): Promise<boolean> {
    const isSaved = await write(handle.current?.text() ?? "", tag.current);
    if (isSaved) {
      handle.current?.markSaved();
      told(t.files.viewer.saved);
    }
    return isSaved;
  }

  async function compare(): Promise<void> {
    try {
      const { bytes, tag: now } = await contentOf(app, path);
      setConflict({ text: decoded(bytes)?.text ?? "", tag: now });
    } catch (error) {
      if (isGone(error)) setConflict({ text: undefined, tag: "" });
      else failed(error);
    }
  }

  /** The text that was made of both is written over what is on the disk. */
  async function resolve(text: string): Promise<void> {
    if (!conflict || !(await write(text, conflict.tag))) return;
    handle.current?.put(text);
    handle.current?.markSaved();
    told(t.files.viewer.saved);
  }

  function takeTheirs(): void {
    if (conflict?.text === undefined) return;
    handle.current?.put(conflict.text);
    handle.current?.markSaved();
    tag.current = conflict.tag;
    setStale(false);
    setConflict(undefined);
  }

  const isChanged = useRef(wiring.isChanged);
  useEffect(() => {
    isChanged.current = wiring.isChanged;
  });
  useEffect(() => {
    if (!isShown) return undefined;
    const look = async () => {
      try {
        const { tag: now } = await headOf(app, path);
        if (now === tag.current) return;
        if (isChanged.current) return setStale(true);
        const content = await contentOf(app, path);
        const after = decoded(content.bytes);
        if (!after || isChanged.current) return setStale(true);
        tag.current = content.tag;
        handle.current?.put(after.text);
        handle.current?.markSaved();
      } catch (error) {
        if (isGone(error)) setStale(true);
      }
    };
    const onFocus = () => void look();
    window.addEventListener("focus", onFocus);
    return () => window.removeEventListener("focus", onFocus);
  }, [app, path, isShown, handle]);

  const close = () => setConflict(undefined);
  return { isBusy, isStale, conflict, save, compare, resolve, takeTheirs, close };
}
