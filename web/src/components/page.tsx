import { type ReactNode, useEffect } from "react";
import { t } from "@/lib/messages";
import classes from "./page.module.css";

interface Props {
  title: string;
  text?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its heading; its name is the window's title, too. */
export function Page({ title, text, actions, children }: Props) {
  useTitle(title);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <div>
          <h1>{title}</h1>
          {text && <p className={classes.text}>{text}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${t.product}`;
  }, [title]);
}
