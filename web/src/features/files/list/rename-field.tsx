import { useEffect, useRef, useState } from "react";
import { t } from "@/lib/messages";
import { split } from "../model/paths";
import classes from "./file-list.module.css";

interface Props {
  name: string;
  faultOf: (name: string) => string | undefined;
  /** The same name: nothing changes. */
  onDone: (name: string) => void;
}

/** A name, changed in its place; its ending isn't selected, as it mostly stays. */
export function RenameField({ name, faultOf, onDone }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  const [typed, setTyped] = useState(name);
  const fault = typed === name ? undefined : faultOf(typed);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, split(name).stem.length);
  }, [name]);
  const finish = (after: string) => {
    if (isOver.current) return;
    isOver.current = true;
    onDone(after);
  };
  return (
    <span className={classes.rename}>
      <input
        ref={field}
        className={classes.renameInput}
        aria-label={t.files.rename}
        aria-invalid={fault !== undefined}
        value={typed}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={() => finish(fault ? name : typed)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter" && !fault) finish(typed);
          if (event.key === "Escape") finish(name);
        }}
      />
      {fault && (
        <span role="alert" className={classes.renameFault}>
          {fault}
        </span>
      )}
    </span>
  );
}
