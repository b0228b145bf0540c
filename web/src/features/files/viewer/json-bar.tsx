import { Button, SegmentedControl } from "@mantine/core";
import type { RefObject } from "react";
import { t } from "@/lib/messages";
import type { EditorHandle } from "./code";
import type { Json } from "./use-json";
import classes from "./viewer.module.css";

interface Props {
  json: Json;
  handle: RefObject<EditorHandle | null>;
}

/** The choice between the text and its formatted view; what is wrong with it, if something is. */
export function JsonBar({ json, handle }: Props) {
  const { fault } = json;
  const texts = t.files.viewer.json;
  return (
    <div className={classes.reason} data-calm={!fault || undefined} role="status">
      <SegmentedControl
        size="xs"
        aria-label={texts.view}
        value={json.formatted === undefined ? "text" : "formatted"}
        onChange={(value) => json.show(value === "formatted")}
        data={[
          { value: "text", label: texts.text },
          { value: "formatted", label: texts.formatted, disabled: fault !== undefined },
        ]}
      />
      {fault && (
        <>
          <span>{texts.fault(fault.line, fault.column, fault.message)}</span>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => handle.current?.goTo(fault.line, fault.column)}
          >
            {texts.goTo}
          </Button>
        </>
      )}
      {json.formatted !== undefined && <span>{texts.note}</span>}
    </div>
  );
}
