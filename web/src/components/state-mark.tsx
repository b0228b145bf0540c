import type { State } from "@/lib/fleet";
import { t } from "@/lib/messages";
import classes from "./state-mark.module.css";

/** An app's state as a dot and a word. */
export function StateMark({ state, bare = false }: { state: State; bare?: boolean }) {
  return (
    <span className={classes.mark} data-state={state} data-bare={bare || undefined}>
      <span className={classes.dot} aria-hidden="true" />
      <span className={bare ? classes.hidden : undefined}>{t.states[state]}</span>
    </span>
  );
}
