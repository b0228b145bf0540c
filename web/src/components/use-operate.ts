import { useCallback } from "react";
import { failed, refused, told } from "@/components/notify";
import { type Operation, operate } from "@/lib/apps";
import { t } from "@/lib/messages";

/** Starts, stops, restarts or kills an app, and says how that went. */
export function useOperate(): (name: string, operation: Operation) => Promise<void> {
  return useCallback(async (name, operation) => {
    try {
      const { success, reason } = await operate(name, operation);
      if (success) told(t.apps.done[operation](name));
      else refused(t.apps.notStarted(name), reason ?? "");
    } catch (error) {
      failed(error, t.apps.failed(name));
    }
  }, []);
}
