import { errors } from "../errors.ts";

/** One part of a path: `contacts`, or `contacts(...)` with what stands in the brackets. */
export type Segment = { name: string; key: string | undefined; raw: string };

/** Characters that cannot be used in key values of an address, even encoded (dataverse.md section 4). */
const DANGEROUS = /[<>*%&:\\?+#]/;

/** Splits a raw path behind `/api/data/vX/` into decoded segments. Throws 400 for what cannot be addressed. */
export function parseSegments(path: string): Segment[] {
  // Empty parts (a slash at the end, two in a row) mean nothing.
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((raw) => {
    const text = decode(raw);
    const open = text.indexOf("(");
    if (open < 0) return { name: text, key: undefined, raw };
    if (!text.endsWith(")")) throw errors.badAddress("Bad Request - Error in query syntax.");
    const key = text.slice(open + 1, -1);
    refuseDangerous(key);
    return { name: text.slice(0, open), key, raw };
  });
}

function refuseDangerous(key: string): void {
  for (const [literal] of key.matchAll(/'(?:[^']|'')*'/g)) {
    const found = literal.includes("/") ? "/" : DANGEROUS.exec(literal)?.[0];
    if (found !== undefined) throw errors.dangerousPath(found);
  }
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw errors.badAddress("The request URI is not valid: it is not properly percent-encoded.");
  }
}
