import { useEffect } from "react";
import { useStore } from "@/lib/store";
import type { Files } from "../files";
import { focusList } from "../list/focus";
import { ConflictDialog } from "./conflict-dialog";
import { CreateDialog } from "./create-dialog";
import { DeleteDialog } from "./delete-dialog";
import { ModesDialog } from "./modes-dialog";
import { PackDialog } from "./pack-dialog";
import { TransferDialog } from "./transfer-dialog";
import { UnpackDialog } from "./unpack-dialog";

/** The dialog that is open, if any. */
export function Dialogs({ files, folder }: { files: Files; folder: string }) {
  const dialog = useStore(files.dialog);
  const close = files.close;
  useEffect(() => (dialog ? () => void setTimeout(focusList) : undefined), [dialog]);
  switch (dialog?.kind) {
    case "create":
      return <CreateDialog files={files} folder={folder} isFolder={dialog.isFolder} />;
    case "delete":
      return <DeleteDialog files={files} entries={dialog.entries} />;
    case "transfer":
      return <TransferDialog files={files} operation={dialog.operation} paths={dialog.paths} />;
    case "pack":
      return <PackDialog files={files} folder={folder} names={dialog.names} />;
    case "unpack":
      return <UnpackDialog files={files} folder={folder} name={dialog.name} />;
    case "modes":
      return <ModesDialog files={files} folder={folder} names={dialog.names} />;
    case "conflicts":
      return (
        <ConflictDialog
          conflicts={dialog.conflicts}
          onAnswer={(choices) => {
            close();
            dialog.answer(choices);
          }}
        />
      );
    default:
      return null;
  }
}
