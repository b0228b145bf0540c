import { UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type Group, isUp } from "@/lib/fleet";
import { bytes, percent } from "@/lib/format";
import { t } from "@/lib/messages";
import classes from "./apps-table.module.css";

interface Props {
  group: Group;
  isOpen: boolean;
  onToggle: () => void;
}

/** The heading of apps whose names begin alike, with their sums. */
export function GroupRow({ group, isOpen, onToggle }: Props) {
  const up = group.apps.filter(isUp);
  const cpu = up.reduce((sum, app) => sum + app.cpu, 0);
  const memory = up.reduce((sum, app) => sum + app.memory, 0);
  return (
    <tr className={classes.group}>
      <th colSpan={3} scope="rowgroup">
        <UnstyledButton className={classes.toggle} onClick={onToggle} aria-expanded={isOpen}>
          <IconChevronDown size={16} data-open={isOpen} aria-hidden="true" />
          {group.name || t.apps.others}
          <small className="number">
            {up.length}/{group.apps.length}
          </small>
        </UnstyledButton>
      </th>
      <td className={`${classes.wide} number`}>{percent(cpu)}</td>
      <td className={`${classes.wide} number`}>{bytes(memory)}</td>
      <td colSpan={2} className={classes.wide} />
    </tr>
  );
}
