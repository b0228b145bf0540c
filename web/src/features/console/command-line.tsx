import { ActionIcon, Textarea } from "@mantine/core";
import { IconSend2 } from "@tabler/icons-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { refused } from "@/components/notify";
import { t } from "@/lib/messages";
import { useStore } from "@/lib/store";
import classes from "./command-line.module.css";
import type { Console } from "./controller";
import { addCommand, commands } from "./history";
import { isTooLong } from "./socket";

/** Where commands for the app are typed. What was typed stays until it could be sent. */
export function CommandLine({ console, isUp }: { console: Console; isUp: boolean }) {
  const { link, readOnly } = useStore(console.view);
  const [text, setText] = useState("");
  const back = useRef({ steps: 0, draft: "" });
  if (readOnly) return <p className={classes.note}>{t.console.readOnly}</p>;
  const lines = text.replace(/\n+$/, "").split("\n").length;

  function send(): void {
    const command = text.replace(/\n+$/, "");
    if (!command) return;
    if (isTooLong(command)) {
      refused(t.errors.title, t.console.tooLong);
      return;
    }
    if (!console.send(command)) {
      refused(t.errors.title, t.link.lost);
      return;
    }
    addCommand(console.name, command);
    back.current = { steps: 0, draft: "" };
    setText("");
    console.jump();
  }

  function recall(step: number): boolean {
    const all = commands(console.name);
    const steps = back.current.steps + step;
    if (steps < 0 || steps > all.length) return false;
    if (back.current.steps === 0) back.current.draft = text;
    back.current.steps = steps;
    setText(steps === 0 ? back.current.draft : (all[all.length - steps] ?? ""));
    return true;
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (event.nativeEvent.isComposing) return;
    const { value, selectionStart } = event.currentTarget;
    const isFirstLine = !value.slice(0, selectionStart).includes("\n");
    const isLastLine = !value.slice(selectionStart).includes("\n");
    if (event.key === "Enter" && !event.shiftKey) send();
    else if (event.key === "ArrowUp" && isFirstLine && recall(1)) moveToEnd(event.currentTarget);
    else if (event.key === "ArrowDown" && isLastLine && recall(-1)) moveToEnd(event.currentTarget);
    else return;
    event.preventDefault();
  }

  return (
    <div className={classes.bar}>
      <span className={classes.prompt} aria-hidden="true">
        ›
      </span>
      <Textarea
        className={classes.input}
        variant="unstyled"
        autosize
        minRows={1}
        maxRows={8}
        aria-label={t.console.input}
        placeholder={isUp ? t.console.placeholder : t.console.stoppedPlaceholder}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="send"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {lines > 1 && <span className={classes.count}>{t.console.sendMany(lines)}</span>}
      <ActionIcon
        size={40}
        radius="md"
        aria-label={t.console.send}
        onClick={send}
        disabled={!text.trim() || link !== "live"}
      >
        <IconSend2 size={20} />
      </ActionIcon>
    </div>
  );
}

function moveToEnd(element: HTMLTextAreaElement): void {
  requestAnimationFrame(() =>
    element.setSelectionRange(element.value.length, element.value.length),
  );
}
