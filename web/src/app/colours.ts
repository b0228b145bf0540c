import type { MantineColorScheme, MantineColorSchemeManager } from "@mantine/core";

const KEY = "octyne:colours";

function isScheme(value: string | null): value is MantineColorScheme {
  return value === "light" || value === "dark" || value === "auto";
}

/** Light and dark by choice; index.html reads the same before anything is drawn. */
export function coloursManager(): MantineColorSchemeManager {
  let listener: ((event: StorageEvent) => void) | undefined;
  return {
    get(fallback) {
      try {
        const value = localStorage.getItem(KEY);
        return isScheme(value) ? value : fallback;
      } catch {
        return fallback;
      }
    },
    set(value) {
      try {
        localStorage.setItem(KEY, value);
      } catch {
        // It counts until the page is closed.
      }
    },
    subscribe(onUpdate) {
      listener = (event) => {
        if (event.key === KEY && isScheme(event.newValue)) onUpdate(event.newValue);
      };
      window.addEventListener("storage", listener);
    },
    unsubscribe() {
      if (listener) window.removeEventListener("storage", listener);
    },
    clear() {
      try {
        localStorage.removeItem(KEY);
      } catch {
        // Nothing was kept.
      }
    },
  };
}
