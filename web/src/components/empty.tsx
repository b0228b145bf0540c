import type { ReactNode } from "react";
import classes from "./empty.module.css";

interface Props {
  icon: ReactNode;
  title: string;
  text?: string | undefined;
  tone?: "calm" | "bad";
  /** It is all that the page shows. */
  isPage?: boolean;
  children?: ReactNode;
}

/** What a view shows in place of its content: nothing there yet, or an error with what to do. */
export function Empty({ icon, title, text, tone = "calm", isPage = false, children }: Props) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <div className={classes.empty} role={tone === "bad" ? "alert" : undefined}>
      <div className={classes.icon} data-tone={tone} aria-hidden="true">
        {icon}
      </div>
      <Heading className={classes.title}>{title}</Heading>
      {text && <p className={classes.text}>{text}</p>}
      {children && <div className={classes.actions}>{children}</div>}
    </div>
  );
}
