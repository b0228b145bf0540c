import { Button, Loader, Menu } from "@mantine/core";
import {
  IconKey,
  IconPencil,
  IconTrash,
  IconUserCircle,
  IconUserPlus,
  IconUsers,
} from "@tabler/icons-react";
import { useState } from "react";
import { DotsMenu } from "@/components/dots-menu";
import { LoadFailed } from "@/components/load-failed";
import { Page } from "@/components/page";
import panel from "@/components/panel.module.css";
import tag from "@/components/tag.module.css";
import { t } from "@/lib/messages";
import { session } from "@/lib/session";
import { useStore } from "@/lib/store";
import { AccountDialog, type Change } from "./account-dialog";
import classes from "./accounts-page.module.css";
import { useAccounts } from "./api";

/** Who may sign in. */
export function AccountsPage() {
  const accounts = useAccounts();
  const [change, setChange] = useState<Change | null>(null);
  const add = (
    <Button
      leftSection={<IconUserPlus size={18} />}
      onClick={() => setChange({ kind: "create", name: "" })}
    >
      {t.accounts.add}
    </Button>
  );
  return (
    <Page title={t.accounts.title} text={t.accounts.text} actions={accounts.isSuccess && add}>
      {accounts.isPending && <Loader mx="auto" mt={48} display="block" />}
      {accounts.isError && (
        <LoadFailed
          icon={<IconUsers size={28} />}
          error={accounts.error}
          onRetry={() => void accounts.refetch()}
        />
      )}
      {accounts.data && (
        <ul className={`${panel.panel} ${classes.list}`}>
          {accounts.data.map((name) => (
            <Account
              key={name}
              name={name}
              isLast={accounts.data.length === 1}
              onChange={setChange}
            />
          ))}
        </ul>
      )}
      <AccountDialog change={change} onClose={() => setChange(null)} />
    </Page>
  );
}

interface AccountProps {
  name: string;
  isLast: boolean;
  onChange: (change: Change) => void;
}

function Account({ name, isLast, onChange }: AccountProps) {
  const user = useStore(session, (value) => value.user);
  return (
    <li className={classes.row}>
      <IconUserCircle size={24} stroke={1.5} aria-hidden="true" />
      <span className={classes.name} title={name}>
        {name}
      </span>
      {name === user && <span className={tag.tag}>{t.accounts.you}</span>}
      <span className={classes.grow} />
      <DotsMenu label={t.accounts.more(name)} width={220}>
        <Menu.Item
          leftSection={<IconKey size={17} />}
          onClick={() => onChange({ kind: "password", name })}
        >
          {t.accounts.changePassword}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconPencil size={17} />}
          onClick={() => onChange({ kind: "rename", name })}
        >
          {t.accounts.rename}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="var(--bad)"
          leftSection={<IconTrash size={17} />}
          disabled={isLast}
          title={isLast ? t.accounts.last : undefined}
          onClick={() => onChange({ kind: "delete", name })}
        >
          {t.actions.delete}
        </Menu.Item>
      </DotsMenu>
    </li>
  );
}
