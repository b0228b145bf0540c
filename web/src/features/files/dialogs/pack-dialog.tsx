import { Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "@/lib/messages";
import { recall, remember } from "@/lib/storage";
import type { Files } from "../files";
import { pack } from "../jobs";
import { faultOf, freeName, nameOf, split } from "../model/paths";
import { useTaken } from "./create-dialog";
import { Frame } from "./frame";
import { useSubmit } from "./use-submit";

interface Format {
  type: string;
  compress: string;
  ending: string;
}

const FORMATS: Record<string, Format> = {
  zip: { type: "zip", compress: "true", ending: ".zip" },
  "tar.gz": { type: "tar", compress: "gzip", ending: ".tar.gz" },
  "tar.zst": { type: "tar", compress: "zstd", ending: ".tar.zst" },
  "tar.xz": { type: "tar", compress: "xz", ending: ".tar.xz" },
  tar: { type: "tar", compress: "false", ending: ".tar" },
  "zip-store": { type: "zip", compress: "false", ending: ".zip" },
};
const KEY = "archive-format";
const FALLBACK: Format = { type: "zip", compress: "true", ending: ".zip" };

interface Props {
  files: Files;
  folder: string;
  names: readonly string[];
}

export function PackDialog({ files, folder, names }: Props) {
  const taken = useTaken(files.app, folder);
  const [kind, setKind] = useState(() => recall(KEY, "zip"));
  const format = FORMATS[kind] ?? FALLBACK;
  const [stem, setStem] = useState(() => {
    const first = names.length === 1 ? split(names[0] ?? "").stem : nameOf(folder) || files.app;
    return split(freeName(first + format.ending, (name) => taken.has(name))).stem;
  });
  const name = stem + format.ending;
  const fault = stem === "" ? "empty" : faultOf(name, taken);
  const { isBusy, problem, submit } = useSubmit(async () => {
    remember(KEY, kind);
    await pack(files.app, folder, names, files.path(name), format);
  }, files.close);
  return (
    <Frame
      title={t.files.archive.title(names.length)}
      submit={t.files.archive.submit}
      isBusy={isBusy}
      disabled={fault !== undefined}
      onClose={files.close}
      onSubmit={submit}
    >
      <TextInput
        label={t.files.archive.name}
        value={stem}
        onChange={(event) => setStem(event.currentTarget.value)}
        rightSection={<span className="menu-keys mono">{format.ending}</span>}
        rightSectionWidth={72}
        error={fault ? t.files.name_[fault] : problem}
        data-autofocus
        spellCheck={false}
        autoComplete="off"
      />
      <Select
        mt={14}
        label={t.files.archive.format}
        value={kind}
        allowDeselect={false}
        comboboxProps={{ withinPortal: true }}
        data={Object.keys(FORMATS).map((value) => ({
          value,
          label: t.files.archive.formats[value] ?? value,
        }))}
        onChange={(value) => value && setKind(value)}
      />
    </Frame>
  );
}
