import { t } from "@/lib/messages";
import type { FileEntry } from "@/lib/wire.gen";
import { remove } from "../actions";
import type { Files } from "../files";
import { isFolder } from "../model/sort";
import classes from "./dialogs.module.css";
import { Frame } from "./frame";

const SHOWN = 6;

/** What is deleted is gone, so this asks first, by name. */
export function DeleteDialog({ files, entries }: { files: Files; entries: readonly FileEntry[] }) {
  const names = entries.map((entry) => entry.name);
  const isOne = entries.length === 1;
  const submit = () => {
    files.close();
    void remove(files, names);
  };
  return (
    <Frame
      title={isOne ? t.files.deleteOne(names[0] ?? "") : t.files.deleteMany(names.length)}
      submit={t.files.deleteYes(names.length)}
      isBad
      onClose={files.close}
      onSubmit={submit}
    >
      {!isOne && (
        <ul className={classes.names}>
          {names.slice(0, SHOWN).map((name) => (
            <li key={name}>{name}</li>
          ))}
          {names.length > SHOWN && <li>…</li>}
        </ul>
      )}
      <p className={classes.text}>
        {entries.some(isFolder) ? t.files.deleteFolder : t.files.deleteText}
      </p>
    </Frame>
  );
}
