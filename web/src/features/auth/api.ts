import { ask } from "@/lib/http";

/** Opens a session; the token goes into a cookie that no script can read. */
export async function login(user: string, password: string): Promise<void> {
  await ask("/login", {
    method: "POST",
    query: { cookie: "true" },
    headers: { Username: bytesOf(user), Password: bytesOf(password) },
    asStranger: true,
  });
}

/** UTF-8 as a header can carry it: one character for each byte. */
function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
