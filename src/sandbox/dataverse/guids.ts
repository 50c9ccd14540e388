import { createHash } from "node:crypto";

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const named = new Map<string, string>();

/** The same name always gives the same id: metadata ids and well-known rows survive a reset. */
export function namedGuid(name: string): string {
  const known = named.get(name);
  if (known !== undefined) return known;
  const hex = createHash("md5").update(name).digest("hex");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  // Every fresh environment asks for the same thousands; a sandbox that runs for weeks must not keep all others.
  if (named.size > 50_000) named.clear();
  named.set(name, id);
  return id;
}

/** Ids of new rows: counted up, as the server's sequential ids are, and the same after every reset. */
export function numberedGuid(n: number): string {
  const high = Math.floor(n / 0x100000000);
  const low = (n >>> 0).toString(16).padStart(8, "0");
  return `${low}-${high.toString(16).padStart(4, "0")}-f011-8b3d-6045bdc0ffee`;
}
