import { ActionIcon, Menu } from "@mantine/core";
import { IconDotsVertical } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./tool.module.css";

interface Props {
  label: string;
  /** Of the menu, in pixels. */
  width: number;
  /** It stands among dimmed tools. */
  isDim?: boolean;
  /** Menu items. */
  children: ReactNode;
}

/** What can be done besides, behind three dots. */
export function DotsMenu({ label, width, isDim = false, children }: Props) {
  return (
    <Menu position="bottom-end" width={width}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={label}
          className={isDim ? classes.tool : classes.plain}
        >
          <IconDotsVertical size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
