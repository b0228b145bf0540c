import { Button, Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import { bytes, count } from "@/lib/format";
import { t } from "@/lib/messages";
import { folderName } from "../actions";
import type { Conflict } from "../files";
import { when } from "../format";
import type { Choice } from "../model/conflicts";
import classes from "./dialogs.module.css";

interface Props {
  conflicts: readonly Conflict[];
  /** `undefined`: nothing at all is to be done. */
  onAnswer: (choices: ReadonlyMap<string, Choice> | undefined) => void;
}

/** Names that are taken, one after the other, or all at once. */
export function ConflictDialog({ conflicts, onAnswer }: Props) {
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const [forAll, setForAll] = useState(false);
  const at = choices.size;
  const now = conflicts[at];
  if (!now) return null;
  const others = conflicts.length - at - 1;
  const choose = (choice: Choice) => {
    const after = new Map(choices);
    for (const each of forAll ? conflicts.slice(at) : [now]) {
      // What can't be replaced (a folder, by a file) stands beside it instead.
      after.set(each.id, choice === "replace" && !each.canReplace ? "rename" : choice);
    }
    if (after.size === conflicts.length) onAnswer(after);
    else setChoices(after);
  };
  return (
    <Modal
      opened
      onClose={() => onAnswer(undefined)}
      title={t.files.conflict.title}
      closeButtonProps={{ "aria-label": t.files.conflict.cancel }}
    >
      <p className={classes.text}>{t.files.conflict.text(now.name, folderName(now.folder))}</p>
      <dl className={classes.versus}>
        <Side label={t.files.conflict.there} isFolder={now.there.isFolder} {...facts(now.there)} />
        <Side label={t.files.conflict.coming} isFolder={now.isFolder} {...facts(now)} />
      </dl>
      {now.there.isFolder && now.canReplace && (
        <p className={classes.warning}>{t.files.conflict.replaceFolder}</p>
      )}
      <p className={classes.hint}>{t.files.conflict.renameHint(now.freeName)}</p>
      {others > 0 && (
        <Checkbox
          mt={14}
          label={t.files.conflict.all(others)}
          checked={forAll}
          onChange={(event) => setForAll(event.currentTarget.checked)}
        />
      )}
      <div className={classes.choices}>
        {conflicts.length > 1 && (
          <span className={`${classes.hint} number`}>
            {t.files.conflict.of(at + 1, conflicts.length)}
          </span>
        )}
        <span className={classes.grow} />
        <Button variant="default" onClick={() => choose("skip")}>
          {t.files.conflict.skip}
        </Button>
        <Button variant="default" onClick={() => choose("replace")} disabled={!now.canReplace}>
          {t.files.conflict.replace}
        </Button>
        <Button onClick={() => choose("rename")} data-autofocus>
          {t.files.conflict.rename}
        </Button>
      </div>
    </Modal>
  );
}

const facts = ({ size, modified }: { size?: number; modified?: number }) => ({
  ...(size === undefined ? {} : { size }),
  ...(modified === undefined ? {} : { modified }),
});

interface SideProps {
  label: string;
  isFolder: boolean;
  size?: number;
  modified?: number;
}

function Side({ label, isFolder, size, modified }: SideProps) {
  const isKnown = size !== undefined || modified !== undefined;
  if (!isKnown) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd className="number">
        {isFolder
          ? t.files.conflict.folder
          : size !== undefined && <span title={count(size)}>{bytes(size)}</span>}
        {modified !== undefined && <span>{when(modified, Date.now())}</span>}
      </dd>
    </div>
  );
}
