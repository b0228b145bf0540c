import { useMemo } from "react";
import { diff } from "@/lib/diff";
import classes from "./diff-view.module.css";

const SIGNS = { same: " ", added: "+", removed: "−", skipped: "⋯" };

/** What changes between two texts. */
export function DiffView({
  before,
  after,
  label,
}: {
  before: string;
  after: string;
  label: string;
}) {
  const lines = useMemo(() => diff(before, after), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
    <section className={classes.frame} aria-label={label} tabIndex={0}>
      <pre className={classes.diff}>
        {lines.map((line) => (
          <div key={`${line.kind}${line.number}`} className={classes.line} data-kind={line.kind}>
            <span className={classes.number} aria-hidden="true">
              {line.kind === "skipped" ? "" : line.number}
            </span>
            <span className={classes.sign}>{SIGNS[line.kind]}</span>
            <span>{line.text}</span>
          </div>
        ))}
      </pre>
    </section>
  );
}
