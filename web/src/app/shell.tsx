import { Outlet } from "@tanstack/react-router";
import { Bottom } from "@/app/bottom";
import { LinkBanner } from "@/app/link-banner";
import { Palette } from "@/app/palette";
import { Sidebar } from "@/app/sidebar";
import { Transfers } from "@/app/transfers";
import { t } from "@/lib/messages";
import { session } from "@/lib/session";
import { useStore } from "@/lib/store";
import classes from "./shell.module.css";

/** The frame of all pages: navigation at the side, or at the bottom of a phone. */
export function Shell() {
  const { isAsked, wasOpen } = useStore(session);
  if (isAsked && !wasOpen) return null; // nothing to show behind the sign-in
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        {t.nav.skip}
      </a>
      <Sidebar />
      <div className={classes.main}>
        <LinkBanner />
        <main id="content" className={classes.content} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Transfers />
      <Bottom />
      <Palette />
    </div>
  );
}
