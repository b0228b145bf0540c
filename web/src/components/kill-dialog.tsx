import { Button, Group, Modal } from "@mantine/core";
import { IconSkull } from "@tabler/icons-react";
import { t } from "@/lib/messages";

interface Props {
  names: readonly string[];
  onClose: () => void;
  onKill: () => void;
}

/** Killing loses data, so it asks first. No names: closed. */
export function KillDialog({ names, onClose, onKill }: Props) {
  const [first = ""] = names;
  const isOne = names.length === 1;
  return (
    <Modal
      opened={names.length > 0}
      onClose={onClose}
      title={isOne ? t.apps.killTitle(first) : t.apps.killMany(names.length)}
      closeButtonProps={{ "aria-label": t.actions.close }}
    >
      <p style={{ margin: "0 0 20px", lineHeight: 1.55 }}>{t.apps.killText}</p>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.actions.cancel}
        </Button>
        <Button
          color="red"
          leftSection={<IconSkull size={18} />}
          onClick={() => {
            onKill();
            onClose();
          }}
        >
          {isOne ? t.apps.killYes(first) : t.apps.killMany(names.length).replace("?", "")}
        </Button>
      </Group>
    </Modal>
  );
}
