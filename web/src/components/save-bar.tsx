import type { ReactNode } from "react";
import classes from "./save-bar.module.css";

/** At the foot of a form: what is to be known before saving, and the buttons for it. */
export function SaveBar({ note, children }: { note: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.bar}>
      <p className={classes.note}>{note}</p>
      {children}
    </div>
  );
}
