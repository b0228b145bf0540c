/** How code looks in editors: in the dashboard's own colours, both light and dark. */

import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const look = EditorView.theme({
  "&": {
    height: "100%",
    fontSize: "0.875rem",
    backgroundColor: "var(--surface)",
    color: "var(--mantine-color-text)",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--accent)", paddingBottom: "40px" },
  ".cm-gutters": {
    backgroundColor: "var(--surface-2)",
    color: "var(--mantine-color-dimmed)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 14px" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)",
  },
  ".cm-activeLineGutter": { color: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent) !important",
  },
  ".cm-searchMatch": { backgroundColor: "var(--warn-soft)", outline: "1px solid var(--warn)" },
  ".cm-searchMatch-selected": {
    backgroundColor: "color-mix(in srgb, var(--warn) 45%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 16%, transparent)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--accent-soft)",
    border: "0",
    color: "var(--accent)",
    padding: "0 6px",
  },
  ".cm-panels": {
    backgroundColor: "var(--surface-2)",
    color: "inherit",
    borderBottom: "1px solid var(--line) !important",
  },
  ".cm-panel.cm-search": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: "6px",
    padding: "8px 40px 8px 12px",
    fontFamily: "var(--mantine-font-family)",
  },
  ".cm-panel.cm-search br": { flexBasis: "100%", height: "0", content: '""' },
  ".cm-panel.cm-search label": {
    display: "inline-flex",
    alignItems: "center",
    gap: "4px",
    fontSize: "0.8125rem",
  },
  ".cm-textfield": {
    margin: "0 !important",
    height: "32px",
    padding: "0 10px !important",
    border: "1px solid var(--mantine-color-default-border) !important",
    borderRadius: "7px",
    backgroundColor: "var(--surface) !important",
    fontSize: "0.875rem !important",
    minWidth: "180px",
    color: "inherit",
  },
  ".cm-button": {
    margin: "0 !important",
    height: "32px",
    padding: "0 12px !important",
    border: "1px solid var(--mantine-color-default-border) !important",
    borderRadius: "7px",
    backgroundImage: "none !important",
    backgroundColor: "var(--surface) !important",
    fontSize: "0.8125rem !important",
    textTransform: "capitalize",
    color: "inherit",
    cursor: "pointer",
  },
  ".cm-panel.cm-search [name=close]": {
    position: "absolute",
    top: "8px",
    right: "10px",
    width: "28px",
    height: "28px",
    fontSize: "18px",
    cursor: "pointer",
    color: "inherit",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--accent)",
  },
  ".cm-changedLine": { backgroundColor: "var(--ok-soft) !important" },
  "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": {
    backgroundColor: "var(--bad-soft) !important",
  },
  "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad) 28%, transparent) !important",
  },
  ".cm-chunkButtons .cm-button": {
    height: "24px",
    padding: "0 8px !important",
    fontFamily: "var(--mantine-font-family)",
    textTransform: "none",
    color: "var(--mantine-color-text) !important",
  },
  "&.cm-merge-b .cm-changedText, .cm-changedText": {
    background: "color-mix(in srgb, var(--ok) 28%, transparent) !important",
  },
});

export const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
  {
    tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)],
    color: "var(--accent)",
  },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warn)" },
  { tag: [tags.typeName, tags.className, tags.tagName, tags.namespace], color: "var(--code-type)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--code-call)",
  },
  { tag: [tags.comment, tags.meta], color: "var(--mantine-color-dimmed)", fontStyle: "italic" },
  { tag: tags.heading, fontWeight: "700", color: "var(--accent)" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--accent)", textDecoration: "underline" },
  { tag: tags.deleted, color: "var(--bad)" },
  { tag: tags.inserted, color: "var(--ok)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);
