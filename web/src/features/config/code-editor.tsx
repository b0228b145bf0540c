import { configDocs } from "virtual:config-docs";
import { autocompletion, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { colours, look } from "@/components/code-look";
import { faultsOf } from "@/lib/json-faults";
import { t } from "@/lib/messages";
import { styleNonce } from "@/lib/nonce";
import { keyAt, offsetOf, type Place } from "./config-faults";

interface Props {
  value: string;
  onChange: (value: string) => void;
  onSave: () => void;
  /** Where to put the cursor; each new object goes there. */
  target: Place | null;
}

/** The config's text, with what is wrong in it and what its keys mean. */
export function CodeEditor({ value, onChange, onSave, target }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const calls = useRef({ onChange, onSave });
  useEffect(() => {
    calls.current = { onChange, onSave };
  }, [onChange, onSave]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: later values are put in below
  useEffect(() => {
    if (!place.current) return undefined;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({ doc: value, extensions: extensions(calls) }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !target) return;
    const anchor = offsetOf(editor.state.doc.toString(), target);
    editor.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: "center" }),
    });
    editor.focus();
  }, [target]);
  return <div ref={place} />;
}

/** As high as its text; the page scrolls, and a help text may be longer than a completion. */
const size = EditorView.theme({
  "&": { height: "auto" },
  ".cm-content": { paddingBottom: "0" },
  ".cm-tooltip": { padding: "4px 8px", maxWidth: "420px" },
});

function extensions(calls: React.RefObject<Pick<Props, "onChange" | "onSave">>) {
  const save = () => {
    calls.current.onSave();
    return true;
  };
  return [
    EditorView.cspNonce.of(styleNonce),
    lineNumbers(),
    foldGutter(),
    lintGutter(),
    history(),
    search({ top: true }),
    highlightSelectionMatches(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    autocompletion({ override: [completeKey] }),
    json(),
    linter(
      (editor): Diagnostic[] =>
        faultsOf(editor.state.doc.toString(), { allowTrailingComma: true }).map((fault) => ({
          ...fault,
          severity: "error",
        })),
      { delay: 250 },
    ),
    hoverTooltip(explainKey),
    keymap.of([
      { key: "Mod-s", run: save },
      indentWithTab,
      ...defaultKeymap,
      ...historyKeymap,
      ...searchKeymap,
    ]),
    EditorView.contentAttributes.of({ "aria-label": t.config.label }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) calls.current.onChange(update.state.doc.toString());
    }),
    EditorView.lineWrapping,
    size,
    look,
    syntaxHighlighting(colours),
  ];
}

function explainKey(editor: EditorView, position: number) {
  const found = keyAt(editor.state.doc.toString(), position);
  const doc = found && configDocs.find((each) => each.key === found.key);
  if (!found || !doc) return null;
  return {
    pos: found.from,
    end: found.to,
    create: () => {
      const dom = document.createElement("div");
      dom.textContent = `${doc.text} (${t.form.defaultIs(doc.value)})`;
      return { dom };
    },
  };
}

/** The keys that belong where the cursor is. */
function completeKey(context: CompletionContext) {
  const word = context.matchBefore(/"[\w.]*/);
  if (!word) return null;
  const path = keyAt(context.state.doc.toString(), word.from)?.parent ?? "";
  const options = configDocs.flatMap((doc) => {
    if (!doc.key.startsWith(path ? `${path}.` : "")) return [];
    const label = doc.key.slice(path ? path.length + 1 : 0).split(".")[0] ?? "";
    return [{ label: `"${label}"`, info: doc.text, type: "property" }];
  });
  const unique = [...new Map(options.map((option) => [option.label, option])).values()];
  return { from: word.from, options: unique };
}
