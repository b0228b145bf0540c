import { type DragEvent, useRef, useState } from "react";
import { t } from "@/lib/messages";
import { transfer, upload } from "../actions";
import type { Files } from "../files";
import { join, parentOf } from "../model/paths";
import { only } from "../model/selection";
import { fromDrop } from "../uploads/collect";
import type { Listing } from "../use-listing";
import { hitOf } from "./use-pointer";

const OWN = "application/x-octyne-files";

/** What is being dragged within this page; a drag's data can't be read before it is dropped. */
let dragged: { app: string; paths: readonly string[] } | null = null;

/** Dragging entries to folders, and files from elsewhere into them. */
export function useDrop(files: Files, listing: Listing, folder: string) {
  const [over, setOver] = useState("");
  const depth = useRef(0);

  function targetOf(event: DragEvent): string {
    const place =
      event.target instanceof Element ? event.target.closest<HTMLElement>("[data-drop]") : null;
    const path = place?.dataset.drop ?? folder;
    if (event.dataTransfer.types.includes("Files")) return path;
    if (!event.dataTransfer.types.includes(OWN) || dragged?.app !== files.app) return "";
    if (dragged.paths.some((each) => each === path)) return "";
    const isSame = dragged.paths.every((each) => parentOf(each) === path);
    return isSame && !event.ctrlKey ? "" : path;
  }

  function onDragStart(event: DragEvent): void {
    const hit = hitOf(event.target, listing);
    if (!hit || event.defaultPrevented) return;
    if (!files.selection.get().names.has(hit.name)) files.selection.set(only(hit.name));
    const names = [...files.selection.get().names];
    dragged = { app: files.app, paths: names.map((name) => join(folder, name)) };
    event.dataTransfer.setData(OWN, JSON.stringify(dragged.paths));
    event.dataTransfer.effectAllowed = "copyMove";
    const label = document.createElement("div");
    label.className = "drag-label";
    label.textContent = names.length === 1 ? hit.name : t.files.count(names.length);
    document.body.append(label);
    event.dataTransfer.setDragImage(label, -12, -8);
    setTimeout(() => label.remove());
  }

  function onDragEnter(event: DragEvent): void {
    depth.current += 1;
    onDragOver(event);
  }

  function onDragOver(event: DragEvent): void {
    const target = targetOf(event);
    setOver(target);
    if (!target) return;
    event.preventDefault();
    const isOwn = event.dataTransfer.types.includes(OWN);
    event.dataTransfer.dropEffect = isOwn && !event.ctrlKey ? "move" : "copy";
  }

  function onDragLeave(): void {
    depth.current -= 1;
    if (depth.current <= 0) setOver("");
  }

  function onDrop(event: DragEvent): void {
    const target = targetOf(event);
    end();
    if (!target) return;
    event.preventDefault();
    if (event.dataTransfer.types.includes("Files")) {
      void fromDrop(event.dataTransfer).then((chosen) => upload(files, chosen, target));
    } else if (dragged) {
      void transfer(files, event.ctrlKey ? "cp" : "mv", dragged.paths, target);
    }
  }

  function end(): void {
    depth.current = 0;
    setOver("");
  }

  const handlers = { onDragStart, onDragEnter, onDragOver, onDragLeave, onDrop, onDragEnd: end };
  return { over, handlers };
}
