import { errors } from "../errors.ts";
import type { Cell } from "../row.ts";

/**
 * Where the next page begins. Opaque to clients; its outer form is the documented one (dataverse.md section 6).
 * `version`: the change version a tracked read started at. `since`: set in delta reads only.
 */
export type Cookie = {
  page: number;
  /** Sequence number of the last row, or in delta reads the last version sent. */
  after: number;
  /** Values of the $orderby columns of the last row. */
  values?: Cell[];
  version?: number;
  since?: number;
  /** Delta reads: the upserts are done, `after` counts in deletions. */
  deletions?: boolean;
};

/** Ready to be put behind `$skiptoken=`. */
export function writeCookie(cookie: Cookie): string {
  const inner = encodeURIComponent(`<cookie page="${cookie.page}"><last>${JSON.stringify(cookie)}</last></cookie>`);
  const outer = `<cookie pagenumber="${cookie.page}" pagingcookie="${inner}" istracking="${cookie.version === undefined ? "False" : "True"}" />`;
  // As query/page-results.md prints it: `=` and `/` stand as they are.
  return encodeURIComponent(outer).replaceAll("%3D", "=").replaceAll("%2F", "/");
}

/** What `writeCookie` wrote. Throws the documented 400 for any other text. */
export function readCookie(text: string): Cookie {
  const inner = /pagingcookie="([^"]*)"/.exec(text)?.[1];
  try {
    const xml = decodeURIComponent(inner ?? "");
    const cookie = JSON.parse(/<last>(.*)<\/last>/s.exec(xml)?.[1] ?? "") as Cookie;
    const numbers = [cookie.after, cookie.page, cookie.version ?? 0, cookie.since ?? 0];
    const values = cookie.values ?? [];
    if (numbers.every(Number.isFinite) && Array.isArray(values) && values.every(isCell)) return cookie;
  } catch {
    // Falls through to the one error for everything that is not a cookie of ours.
  }
  throw errors.badQuery("Malformed XML in the Paging Cookie");
}

function isCell(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** The text of a delta token: version and time, as in the documentation's example (section 10). */
export function writeDeltaToken(version: number, now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(now.getUTCMonth() + 1)}/${two(now.getUTCDate())}/${now.getUTCFullYear()}`;
  const time = `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`;
  return `${version}!${day} ${time}`;
}

/** The version a delta token stands for, and when it was given. Throws for what is no token. */
export function readDeltaToken(text: string): { version: number; issued: number } {
  const match = /^(\d{1,15})!(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(text);
  const [, version, month, day, year, time] = match ?? [];
  const issued = Date.parse(`${year}-${month}-${day}T${time}Z`);
  if (Number.isNaN(issued)) throw errors.badQuery("The delta token is not valid.");
  return { version: Number(version), issued };
}
