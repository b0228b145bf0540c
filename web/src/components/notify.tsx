import { notifications } from "@mantine/notifications";
import { ApiError, OfflineError } from "@/lib/http";
import { t } from "@/lib/messages";

/** The sentence for an error of any kind. */
export function sentence(error: unknown): string {
  if (error instanceof OfflineError) return t.errors.offline;
  if (error instanceof ApiError) return error.reason || error.message;
  return t.errors.unexpected;
}

/** Goes by itself, and has no button: clicks reach what lies under it. */
export function told(message: string): void {
  notifications.show({
    message,
    color: "petrol",
    autoClose: 3500,
    withCloseButton: false,
  });
}

export function failed(error: unknown, title: string = t.errors.title): void {
  notifications.show({ title, message: sentence(error), color: "red", autoClose: 9000 });
}

export function refused(title: string, message: string): void {
  notifications.show({ title, message, color: "red", autoClose: 9000 });
}
