import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { Button, Group, Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type RefObject, useEffect, useRef } from "react";
import { t } from "@/lib/messages";
import { basics, loadLanguage } from "./code";
import classes from "./viewer.module.css";

interface Props {
  name: string;
  lineEnd: string;
  mine: string;
  /** What is on the disk; `undefined` when nothing is any more. */
  theirs: string | undefined;
  isBusy: boolean;
  onSave: (text: string) => void;
  onTheirs: () => void;
  onClose: () => void;
}

/** Both texts beside each other; mine can be edited until it is what both should be. */
export function ConflictView(props: Props) {
  const { name, mine, theirs, isBusy, onSave, onTheirs, onClose } = props;
  const text = useRef(() => mine);
  const isDeleted = theirs === undefined;
  const isPhone = useIsPhone();
  const { viewer } = t.files;
  const changedText = isPhone ? viewer.changedTextPhone : viewer.changedText;
  return (
    <Modal
      opened
      onClose={onClose}
      size={isDeleted ? "md" : "90rem"}
      title={(isDeleted ? t.files.viewer.deletedTitle : t.files.viewer.changedTitle)(name)}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <p className={classes.conflictText}>{isDeleted ? viewer.deletedText : changedText}</p>
      {!isDeleted && (
        <>
          <div className={classes.sides}>
            <span>{t.files.viewer.theirs}</span>
            <span>{t.files.viewer.mine}</span>
          </div>
          <Both {...props} theirs={theirs} text={text} />
        </>
      )}
      <Group justify="flex-end" mt={16}>
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.files.viewer.stay}
        </Button>
        {!isDeleted && (
          <Button variant="default" onClick={onTheirs}>
            {t.files.viewer.keepTheirs}
          </Button>
        )}
        <Button loading={isBusy} onClick={() => onSave(text.current())}>
          {isDeleted ? viewer.saveAnew : isPhone ? viewer.keepMinePhone : viewer.keepMine}
        </Button>
      </Group>
    </Modal>
  );
}

/** Beside each change of one's own, what undoes it; to leave it in needs no button. */
function takeTheirs(kind: "reject" | "accept", act: (event: MouseEvent) => void): HTMLElement {
  if (kind === "accept") return document.createElement("span");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "cm-button";
  button.textContent = t.files.viewer.takeTheirs;
  button.onmousedown = act;
  return button;
}

interface BothProps {
  name: string;
  lineEnd: string;
  mine: string;
  theirs: string;
  text: RefObject<() => string>;
}

function Both({ name, lineEnd, mine, theirs, text }: BothProps) {
  const place = useRef<HTMLDivElement>(null);
  const isPhone = useIsPhone();
  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const language = new Compartment();
    const common: Extension[] = [
      EditorState.lineSeparator.of(lineEnd),
      basics(name, language),
      EditorView.lineWrapping,
    ];
    if (isPhone) {
      const one = new EditorView({
        parent,
        state: EditorState.create({
          doc: mine,
          extensions: [
            common,
            unifiedMergeView({
              original: theirs.replaceAll("\r\n", "\n"),
              mergeControls: takeTheirs,
            }),
          ],
        }),
      });
      text.current = () => one.state.sliceDoc();
      void loadLanguage(one, language, name);
      return () => one.destroy();
    }
    const both = new MergeView({
      parent,
      a: { doc: theirs, extensions: [common, EditorState.readOnly.of(true)] },
      b: { doc: mine, extensions: common },
      revertControls: "a-to-b",
      collapseUnchanged: { margin: 4, minSize: 8 },
    });
    text.current = () => both.b.state.sliceDoc();
    void loadLanguage(both.a, language, name);
    void loadLanguage(both.b, language, name);
    return () => both.destroy();
  }, [name, lineEnd, mine, theirs, text, isPhone]);
  return <div ref={place} className={classes.both} />;
}

const useIsPhone = (): boolean | undefined =>
  useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
