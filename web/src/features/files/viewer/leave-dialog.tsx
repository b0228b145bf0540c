import { Button, Group, Modal } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { t } from "@/lib/messages";
import { nameOf } from "../model/paths";

interface Props {
  app: string;
  path: string;
  isChanged: boolean;
  onSave: () => Promise<boolean>;
}

interface Next {
  params: { name?: string; tab?: string };
  search: { path?: string; file?: string };
}

/** Other tabs of the app leave the editor as it is; anything else would lose what isn't saved. */
export function LeaveDialog({ app, path, isChanged, onSave }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: ({ next }) => isChanged && leaves(next as unknown as Next, app, path),
    enableBeforeUnload: isChanged,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  const saveAndLeave = async () => {
    if (await onSave()) blocker.proceed();
    else blocker.reset();
  };
  return (
    <Modal
      opened
      onClose={blocker.reset}
      title={t.files.viewer.leaveTitle}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <p style={{ margin: "0 0 20px", lineHeight: 1.55 }}>
        {t.files.viewer.leaveText(nameOf(path))}
      </p>
      <Group justify="flex-end">
        <Button variant="default" onClick={blocker.reset}>
          {t.files.viewer.stay}
        </Button>
        <Button variant="default" color="red" onClick={blocker.proceed}>
          {t.files.viewer.discard}
        </Button>
        <Button onClick={() => void saveAndLeave()} data-autofocus>
          {t.files.viewer.save}
        </Button>
      </Group>
    </Modal>
  );
}

function leaves({ params, search }: Next, app: string, path: string): boolean {
  if (params.name !== app) return true;
  if (params.tab !== "files") return false;
  const isTabAlone = search.file === undefined && search.path === undefined;
  return !isTabAlone && search.file !== path;
}
