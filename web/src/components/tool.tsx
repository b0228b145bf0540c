import { ActionIcon, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./tool.module.css";

interface Props {
  label: string;
  isOn?: boolean;
  isBad?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** A button with an icon alone, and its name on hovering. */
export function Tool({ label, isOn, isBad, disabled, onClick, children }: Props) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={isOn ? "light" : "subtle"}
        color={isOn ? "petrol" : "gray"}
        size="lg"
        aria-label={label}
        {...(isOn === undefined ? {} : { "aria-pressed": isOn })}
        disabled={disabled ?? false}
        onClick={onClick}
        className={isOn ? classes.on : isBad ? classes.bad : classes.tool}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
