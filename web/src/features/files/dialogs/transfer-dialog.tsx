import { Button, Group, Modal, ScrollArea, Skeleton } from "@mantine/core";
import { useState } from "react";
import { t } from "@/lib/messages";
import { transfer } from "../actions";
import { useFolder } from "../api";
import { Crumbs } from "../crumbs";
import type { Files } from "../files";
import { FileIcon } from "../list/file-icon";
import { isWithin, join, parentOf } from "../model/paths";
import { compareNames, isFolder } from "../model/sort";
import classes from "./dialogs.module.css";

interface Props {
  files: Files;
  operation: "mv" | "cp";
  paths: readonly string[];
}

/** Where to: the folders are walked through, none is typed. */
export function TransferDialog({ files, operation, paths }: Props) {
  const [folder, setFolder] = useState(files.folder.get());
  const { data } = useFolder(files.app, folder, false);
  const folders = data?.contents.filter(isFolder).map((entry) => entry.name);
  const isMove = operation === "mv";
  const isUseless = isMove && paths.every((path) => parentOf(path) === folder);
  const isInside = paths.some((path) => isWithin(folder, path));
  return (
    <Modal
      opened
      onClose={files.close}
      title={(isMove ? t.files.moveTitle : t.files.copyTitle)(paths.length)}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <Crumbs app={files.app} folder={folder} onEnter={setFolder} />
      <ScrollArea.Autosize mah={280} className={classes.folders ?? ""}>
        {!folders && <Skeleton height={14} m={12} />}
        {folders?.length === 0 && <p className={classes.none}>{t.files.noFolders}</p>}
        {folders?.sort(compareNames).map((name) => {
          const path = join(folder, name);
          return (
            <button
              key={name}
              type="button"
              className={classes.folder}
              disabled={paths.includes(path)}
              onClick={() => setFolder(path)}
            >
              <FileIcon kind="folder" />
              {name}
            </button>
          );
        })}
      </ScrollArea.Autosize>
      <Group justify="flex-end" mt={20}>
        <Button variant="default" onClick={files.close}>
          {t.actions.cancel}
        </Button>
        <Button
          data-autofocus
          disabled={isUseless || isInside}
          onClick={() => {
            files.close();
            void transfer(files, operation, paths, folder);
          }}
        >
          {isMove ? t.files.moveHere : t.files.copyHere}
        </Button>
      </Group>
    </Modal>
  );
}
