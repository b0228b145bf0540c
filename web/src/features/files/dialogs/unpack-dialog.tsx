import { TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "@/lib/messages";
import type { Files } from "../files";
import { unpack } from "../jobs";
import { unpackedName } from "../model/kinds";
import { join } from "../model/paths";
import { Frame } from "./frame";
import { useSubmit } from "./use-submit";

interface Props {
  files: Files;
  folder: string;
  name: string;
}

export function UnpackDialog({ files, folder, name }: Props) {
  const [into, setInto] = useState(join(folder, unpackedName(name)));
  const { isBusy, problem, submit } = useSubmit(
    () => unpack(files.app, files.path(name), into),
    files.close,
  );
  return (
    <Frame
      title={t.files.archive.unpackTitle(name)}
      submit={t.files.archive.unpackSubmit}
      isBusy={isBusy}
      disabled={into === ""}
      onClose={files.close}
      onSubmit={submit}
    >
      <TextInput
        label={t.files.archive.into}
        description={t.files.archive.intoHint}
        value={into}
        onChange={(event) => setInto(event.currentTarget.value)}
        error={problem}
        data-autofocus
        spellCheck={false}
        autoComplete="off"
      />
    </Frame>
  );
}
