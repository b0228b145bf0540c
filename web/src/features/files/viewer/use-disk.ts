import { type RefObject, useEffect, useRef, useState } from "react";
import { failed, told } from "@/components/notify";
import { ApiError } from "@/lib/http";
import { t } from "@/lib/messages";
import { writeFile } from "../api";
import { touched } from "../changes";
import { decoded, encoded, type TextFile } from "../model/text-file";
import { useLastChange } from "../use-last-change";
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
const LOOK_AFTER_MS = 300; // several changes at once are looked at once

/** What became of the file on the disk, that the editor doesn't show. */
export type Stale = "" | "changed" | "deleted";

/** Another file has its place; or nothing, where its folder is gone, too. */
const isNotThere = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === CHANGED || error.status === 404);

/** Keeps the editor and the file together: saves only over what was read, and notices changes. */
export function useDisk(wiring: Wiring) {
  const { app, path, file, handle, isShown } = wiring;
  const tag = useRef(wiring.tag);
  const isWriting = useRef(false); // what comes of that isn't a change by somebody else
  const [isBusy, setBusy] = useState(false);
  const [stale, setStale] = useState<Stale>("");
  const [conflict, setConflict] = useState<DiskConflict>();

  async function write(text: string, over: string): Promise<boolean> {
    setBusy(true);
    isWriting.current = true;
    try {
      tag.current = await writeFile(app, path, encoded(text, file), over);
      setStale("");
      setConflict(undefined);
      touched(app);
      return true;
    } catch (error) {
      if (over && isNotThere(error)) await compare();
      else failed(error);
      return false;
    } finally {
      isWriting.current = false;
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
      setStale("changed"); // still said when the question is put off
    } catch (error) {
      if (!isGone(error)) return failed(error);
      setConflict({ text: undefined, tag: "" });
      setStale("deleted");
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
    setStale("");
    setConflict(undefined);
  }

  const change = useLastChange(app);
  const isChanged = useRef(wiring.isChanged);
  useEffect(() => {
    isChanged.current = wiring.isChanged;
  });
  useEffect(() => {
    if (!isShown) return undefined;
    const look = async () => {
      try {
        const { tag: now } = await headOf(app, path);
        if (isWriting.current || now === tag.current) return;
        if (isChanged.current) return setStale("changed");
        const content = await contentOf(app, path);
        const after = decoded(content.bytes);
        if (!after || isChanged.current) return setStale("changed");
        tag.current = content.tag;
        handle.current?.put(after.text);
        handle.current?.markSaved();
        setStale("");
      } catch (error) {
        if (isGone(error)) setStale("deleted");
      }
    };
    const onFocus = () => void look();
    // What others do is heard of; what the app itself does is seen when one comes back.
    const timer = change ? setTimeout(onFocus, LOOK_AFTER_MS) : undefined;
    window.addEventListener("focus", onFocus);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("focus", onFocus);
    };
  }, [app, path, isShown, handle, change]);

  const close = () => setConflict(undefined);
  return { isBusy, stale, conflict, save, compare, resolve, takeTheirs, close };
}
