/** The keyboard back to the list, when what had it is gone. */
export function focusList(): void {
  document.querySelector<HTMLElement>("[data-files]")?.focus({ preventScroll: true });
}
