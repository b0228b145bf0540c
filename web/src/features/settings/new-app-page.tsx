export function NewAppPage() {
  return null;
}
