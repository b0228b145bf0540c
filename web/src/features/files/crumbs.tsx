import { IconChevronRight, IconHome } from "@tabler/icons-react";
import { type MouseEvent, useEffect, useRef } from "react";
import { t } from "@/lib/messages";
import classes from "./crumbs.module.css";
import { crumbs } from "./model/paths";
import { hrefOf } from "./use-place";

interface Props {
  app: string;
  folder: string;
  /** The open file's name, behind its folders. */
  file?: string;
  over?: string;
  onEnter: (path: string) => void;
}

/** The folders from the top to here; things can be dropped on them. */
export function Crumbs({ app, folder, file = "", over = "", onEnter }: Props) {
  const list = useRef<HTMLOListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of a long path is what counts
  useEffect(() => {
    list.current?.scrollTo({ left: list.current.scrollWidth });
  }, [folder, file]);
  const all = crumbs(folder);
  return (
    <nav aria-label={t.files.crumbs} className={classes.nav}>
      <ol className={classes.list} ref={list}>
        {all.map(({ name, path }, i) => {
          const isHere = i === all.length - 1 && !file;
          const enter = (event: MouseEvent) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onEnter(path);
          };
          return (
            <li key={path}>
              {i > 0 && <IconChevronRight size={14} aria-hidden="true" />}
              <a
                href={hrefOf(app, { path })}
                className={classes.crumb}
                aria-current={isHere ? "page" : undefined}
                aria-label={name ? undefined : t.files.root}
                data-drop={path}
                data-over={(over === path && !isHere) || undefined}
                draggable={false}
                onClick={enter}
              >
                {name || <IconHome size={18} />}
                {!name && isHere && <span className={classes.home}>{t.files.root}</span>}
              </a>
            </li>
          );
        })}
        {file && (
          <li>
            <IconChevronRight size={14} aria-hidden="true" />
            <span className={classes.crumb} aria-current="page">
              {file}
            </span>
          </li>
        )}
      </ol>
    </nav>
  );
}
