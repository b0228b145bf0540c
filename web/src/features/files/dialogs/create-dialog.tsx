import { TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/lib/messages";
import type { FileList } from "@/lib/wire.gen";
import { create } from "../actions";
import { folderKey } from "../api";
import type { Files } from "../files";
import { faultOf } from "../model/paths";
import { Frame } from "./frame";
import { useSubmit } from "./use-submit";

interface Props {
  files: Files;
  folder: string;
  isFolder: boolean;
}

export function CreateDialog({ files, folder, isFolder }: Props) {
  const taken = useTaken(files.app, folder);
  const [name, setName] = useState("");
  const fault = name === "" ? undefined : faultOf(name, taken);
  const { isBusy, problem, submit } = useSubmit(() => create(files, name, isFolder), files.close);
  return (
    <Frame
      title={isFolder ? t.files.newFolder : t.files.newFile}
      submit={t.files.create}
      isBusy={isBusy}
      disabled={name === "" || fault !== undefined}
      onClose={files.close}
      onSubmit={submit}
    >
      <TextInput
        label={t.files.name}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={fault ? t.files.name_[fault] : problem}
        data-autofocus
        autoComplete="off"
        spellCheck={false}
      />
    </Frame>
  );
}

/** The names that a folder holds, as far as the page knows. */
export function useTaken(app: string, folder: string): ReadonlySet<string> {
  const queries = useQueryClient();
  const known = queries.getQueriesData<FileList>({ queryKey: [...folderKey(app), folder] });
  return new Set(known.flatMap(([, data]) => data?.contents.map((entry) => entry.name) ?? []));
}
