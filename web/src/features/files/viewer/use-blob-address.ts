import { useEffect, useState } from "react";
import { readFile } from "../api";

/** The address of a copy in the page's memory, as this type; "" until it is read, or without a type. */
export function useBlobAddress(app: string, path: string, type: string | undefined): string {
  const [made, setMade] = useState("");
  useEffect(() => {
    if (!type) return undefined;
    const control = new AbortController();
    let address = "";
    readFile(app, path, { signal: control.signal })
      .then(async (response) => {
        address = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type }));
        setMade(address);
      })
      .catch(() => undefined);
    return () => {
      control.abort();
      URL.revokeObjectURL(address);
    };
  }, [app, path, type]);
  return made;
}
