import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  LanguageDescription,
  syntaxHighlighting,
} from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import {
  highlightSelectionMatches,
  openSearchPanel,
  search,
  searchKeymap,
} from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type RefObject, useEffect, useRef } from "react";
import { colours, look } from "@/components/code-look";
import { t } from "@/lib/messages";
import { styleNonce } from "@/lib/nonce";

const EXTRA: [RegExp, string][] = [
  [/\.(mcmeta|json5|jsonc|webmanifest)$/i, "JSON"],
  [/\.(conf|cfg|env|lang|editorconfig|gitconfig)$|^\.env/i, "Properties files"],
  [/\.(bashrc|profile|zsh|fish)$|^\.(bash|zsh)/i, "Shell"],
];

/** The language that a file's name says. */
export function languageOf(name: string): LanguageDescription | undefined {
  const extra = EXTRA.find(([pattern]) => pattern.test(name))?.[1];
  return (
    LanguageDescription.matchFilename(languages, name) ??
    languages.find((each) => each.name === extra)
  );
}

/** What all editors here have. */
export function basics(name: string, language: Compartment): Extension[] {
  return [
    EditorView.cspNonce.of(styleNonce),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    foldGutter(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    search({ top: true }),
    keymap.of([
      ...closeBracketsKeymap,
      indentWithTab,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
    ]),
    language.of([]),
    // Said also in numbers: not every tool knows that what is edited is reached by Tab.
    EditorView.contentAttributes.of({ "aria-label": t.files.viewer.editor(name), tabindex: "0" }),
    look,
    syntaxHighlighting(colours),
  ];
}

export async function loadLanguage(
  editor: EditorView,
  language: Compartment,
  name: string,
): Promise<void> {
  const support = await languageOf(name)?.load();
  if (support) editor.dispatch({ effects: language.reconfigure(support) });
}

/** What the editor's surroundings may do with it. */
export interface EditorHandle {
  text: () => string;
  /** Another text in its place, as one change. */
  put: (text: string) => void;
  /** The text as it is now is what is on the disk. */
  markSaved: () => void;
  find: () => void;
  toEnd: () => void;
  /** Both from 1. */
  goTo: (line: number, column: number) => void;
}

export interface Position {
  line: number;
  column: number;
}

interface Props {
  name: string;
  text: string;
  lineEnd: string;
  isReadOnly: boolean;
  isHidden?: boolean;
  wraps: boolean;
  line?: number;
  handle: RefObject<EditorHandle | null>;
  onChanged?: (isChanged: boolean) => void;
  onPosition?: (position: Position) => void;
  onSave?: () => void;
}

/** A text, for reading or for editing. Another file needs another one of these (a `key`). */
export function Code(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const calls = useRef(props);
  const wrapping = useRef(new Compartment());
  useEffect(() => {
    calls.current = props;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what may change is taken from `calls`
  useEffect(() => {
    if (!place.current) return undefined;
    const language = new Compartment();
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: props.text,
        extensions: [
          EditorState.lineSeparator.of(props.lineEnd),
          EditorState.readOnly.of(props.isReadOnly),
          keymap.of([{ key: "Mod-s", run: () => save(calls), preventDefault: true }]),
          basics(props.name, language),
          wrapping.current.of(props.wraps ? EditorView.lineWrapping : []),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              calls.current.onChanged?.(!update.state.doc.eq(saved));
            }
            if (update.selectionSet || update.docChanged) tell(update.view);
          }),
        ],
      }),
    });
    let saved = editor.state.doc;
    const tell = (of: EditorView) => {
      const head = of.state.selection.main.head;
      const line = of.state.doc.lineAt(head);
      calls.current.onPosition?.({ line: line.number, column: head - line.from + 1 });
    };
    view.current = editor;
    props.handle.current = {
      text: () => editor.state.sliceDoc(),
      put: (text) =>
        editor.dispatch({
          changes: {
            from: 0,
            to: editor.state.doc.length,
            insert: editor.state.toText(text),
          },
        }),
      markSaved: () => {
        saved = editor.state.doc;
        calls.current.onChanged?.(false);
      },
      find: () => {
        openSearchPanel(editor);
      },
      toEnd: () =>
        editor.dispatch({
          selection: { anchor: editor.state.doc.length },
          scrollIntoView: true,
        }),
      goTo: (line, column) => {
        goTo(editor, line, column);
        editor.focus();
      },
    };
    if (props.line) goTo(editor, props.line, 1);
    if (!props.isReadOnly && !props.isHidden) editor.focus();
    tell(editor);
    void loadLanguage(editor, language, props.name);
    return () => {
      props.handle.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    const effect = wrapping.current.reconfigure(props.wraps ? EditorView.lineWrapping : []);
    view.current?.dispatch({ effects: effect });
  }, [props.wraps]);
  return <div ref={place} className="code-place" hidden={props.isHidden} />;
}

function save(calls: RefObject<Props>): boolean {
  calls.current.onSave?.();
  return true;
}

function goTo(editor: EditorView, number: number, column: number): void {
  const line = editor.state.doc.line(Math.min(Math.max(1, number), editor.state.doc.lines));
  const anchor = Math.min(line.from + column - 1, line.to);
  editor.dispatch({
    selection: { anchor },
    effects: EditorView.scrollIntoView(anchor, { y: "center" }),
  });
}
