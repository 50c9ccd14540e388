import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useSyncedWorld } from "../../test/synced-world.ts";
import { moveAside, putBackLeft, removeOldAside } from "./aside.ts";
import { layout, runFiles } from "./layout.ts";
import { applyRetention } from "./retention.ts";

const synced = useSyncedWorld();

const states = async () => {
  const names = (await readdir(synced.folder)).filter((name) => name.startsWith("rows.duckdb"));
  const texts = names.map(async (name) => [name, await readFile(join(synced.folder, name), "utf8")]);
  return Object.fromEntries(await Promise.all(texts));
};
const at = (run: string) => layout(synced.folder, run);
const write = (name: string) => writeFile(join(synced.folder, name), name);

test.each([
  ["moved nothing", ["rows.duckdb", "rows.duckdb.wal"]],
  ["moved the log", ["rows.duckdb", "rows.duckdb.before-r.wal"]],
  ["moved both", ["rows.duckdb.before-r", "rows.duckdb.before-r.wal"]],
  ["made another state", ["rows.duckdb.before-r", "rows.duckdb.before-r.wal", "rows.duckdb", "rows.duckdb.wal"]],
])("a rebuild died after it had %s: the old state is there again", async (_, names) => {
  await mkdir(at("r").run, { recursive: true });
  for (const name of names) await write(name);
  const old = (end: string) =>
    names.includes(`rows.duckdb.before-r${end}`) ? `rows.duckdb.before-r${end}` : `rows.duckdb${end}`;
  await putBackLeft(at("s"));
  expect(await states()).toEqual({ "rows.duckdb": old(""), "rows.duckdb.wal": old(".wal") });
});

test("what a rebuild that ended has moved aside stays there, and so does what the one under way has", async () => {
  await mkdir(at("r").run, { recursive: true });
  await mkdir(at("s").run, { recursive: true });
  await write("rows.duckdb");
  await moveAside(at("r"));
  await writeFile(runFiles(at("r").run).done, "{}");
  await write("rows.duckdb");
  await moveAside(at("s"));
  await putBackLeft(at("s"));
  expect(Object.keys(await states())).toEqual(["rows.duckdb.before-r", "rows.duckdb.before-s"]);
});

test("what a rebuild has moved aside goes once it ended long ago; not where it died, or its folder is gone", async () => {
  for (const run of ["r", "died", "removed"]) {
    await mkdir(at(run).run, { recursive: true });
    for (const end of ["", ".wal"]) await write(`rows.duckdb${end}`);
    await moveAside(at(run));
  }
  await writeFile(runFiles(at("r").run).done, "{}");
  await rm(at("removed").run, { recursive: true });
  await removeOldAside(at(""), 30, Date.now());
  const both = (run: string) => [`rows.duckdb.before-${run}`, `rows.duckdb.before-${run}.wal`];
  expect(Object.keys(await states())).toHaveLength(6);
  await removeOldAside(at(""), 30, Date.now() + 31 * 24 * 3600_000);
  expect(Object.keys(await states()).sort()).toEqual([...both("died"), ...both("removed")]);
});

test("a rebuild that died before it did anything stays, for its folder tells whose state was moved aside", async () => {
  await mkdir(at("r").run, { recursive: true });
  await write("rows.duckdb");
  await moveAside(at("r"));
  const nothing = { plans: 0, outcomes: 0, beforeImages: 0 };
  expect(await applyRetention(at(""), nothing, Date.now() + 1000)).toEqual({ removed: 0, emptied: 0 });
  await putBackLeft(at("s"));
  expect(await states()).toEqual({ "rows.duckdb": "rows.duckdb" });
});

test("a run after a rebuild that died knows all that was known", async () => {
  synced.world.source = [{ id: "1", code: "A", name: "Ann" }];
  await synced.run();
  await mkdir(at("run-1-rebuild").run);
  await rename(at("").state, `${at("").state}.before-run-1-rebuild`);
  synced.world.source = [];
  synced.approved = [];
  await expect(synced.run()).rejects.toMatchObject({ code: "source_empty" });
});
