import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { PartSize } from "../core/check.ts";

/** What each part of a state folder takes, what is none of them, and last all of it. A part that takes nothing is left out. */
export async function sizesOf(folder: string): Promise<PartSize[]> {
  const named: { part: string; path: string; paths: string[] }[] = [
    { part: "history of runs", path: "control", paths: ["control"] },
  ];
  for (const environment of await foldersIn(folder)) {
    if (environment === "control") continue;
    for (const sync of await foldersIn(join(folder, environment))) {
      const of = join(environment, sync);
      const within = (await readdir(join(folder, of))).filter((name) => name.startsWith("rows.duckdb"));
      const aside = within.filter((name) => name.startsWith("rows.duckdb.before-"));
      const add = (part: string, path: string, names: string[] = [path]) =>
        named.push({ part: `${part} of ${of}`, path: join(of, path), paths: names.map((name) => join(of, name)) });
      add(
        "state",
        "rows.duckdb",
        within.filter((name) => !aside.includes(name)),
      );
      add("moved aside", "rows.duckdb.before-*", aside);
      add("plans and runs", "runs");
      add("a read that goes on", "reading");
    }
  }
  const parts: PartSize[] = [];
  for (const { part, path, paths } of named) {
    let bytes = 0;
    for (const one of paths) bytes += await bytesIn(join(folder, one));
    parts.push({ part, path, bytes });
  }
  const all = await bytesIn(folder);
  const rest = all - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const others = { part: "everything else", path: "", bytes: Math.max(0, rest) };
  return [...[...parts, others].filter(({ bytes }) => bytes > 0), { part: "all", path: "", bytes: all }];
}

async function foldersIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.flatMap((each) => (each.isDirectory() ? [each.name] : [])).sort();
}

/** Of a file, or of a folder and all in it; 0 where there is none. What goes away meanwhile counts for nothing. */
async function bytesIn(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return 0;
  // Where the system does not count blocks (Windows) the length is near enough.
  const own = process.platform === "win32" ? found.size : found.blocks * 512;
  if (!found.isDirectory()) return own;
  let sum = own;
  for (const name of await readdir(path).catch(() => [])) sum += await bytesIn(join(path, name));
  return sum;
}

export const inMegabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MB`;
