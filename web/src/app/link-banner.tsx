import { UnstyledButton } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { link, stream } from "@/lib/live";
import { t } from "@/lib/messages";
import { session } from "@/lib/session";
import { useStore } from "@/lib/store";
import classes from "./link-banner.module.css";

const PATIENCE_MS = 1500; // a short interruption is nobody's business

/** Says quietly that the daemon can't be reached. */
export function LinkBanner() {
  const isLost = useStore(link, (value) => value === "lost");
  const isAsked = useStore(session, (value) => value.isAsked);
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isLost || isAsked) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isLost, isAsked]);
  return (
    <div role="status">
      {isShown && (
        <div className={classes.banner}>
          <IconPlugConnectedX size={18} aria-hidden="true" />
          <span className={classes.text}>{t.link.lost}</span>
          <UnstyledButton className={classes.now} onClick={stream.now}>
            {t.link.now}
          </UnstyledButton>
        </div>
      )}
    </div>
  );
}
