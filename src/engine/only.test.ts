import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Duck, openDuck, text } from "./duck.ts";
import { runFiles } from "./layout.ts";
import { choose } from "./only.ts";
import { createTables } from "./sql/tables.ts";

/** Which rows a run that skips those of another one is about: 1 waits since before, 2 and 3 are what the other was about. */

let duck: Duck;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-only-"));
  const run = join(folder, "run-2");
  await mkdir(run);
  duck = await openDuck({ memoryLimit: "128MB", threads: 1, temp: join(folder, "tmp") });
  await duck.run("ATTACH ':memory:' AS st");
  for (const statement of createTables) await duck.run(statement);
  await duck.run("CREATE TABLE wake(key VARCHAR)");
  await duck.run("INSERT INTO st.pending(key, status, code) VALUES ('1', 'rejected', 'refused')");
  await duck.run(`COPY (SELECT unnest(['2', '3']) AS key) TO ${text(runFiles(run).touched)} (FORMAT parquet)`);
});

afterEach(async () => {
  await duck.close();
  await rm(folder, { recursive: true });
});

const chosen = async () => {
  await choose(duck, { run: join(folder, "run-2"), skip: "skipped by Ana" }, "people");
  const rows = await duck.all<{ key: string }>("SELECT key FROM chosen ORDER BY key");
  return rows.map(({ key }) => key);
};

test("of a run that is folded, the rows that wait", async () => {
  await duck.run("INSERT INTO st.meta VALUES ('folded', 'run-2')");
  expect(await chosen()).toEqual(["1"]);
});

test("of one that died just before that, with its outcomes on the disk, the rows it was about", async () => {
  await duck.run("INSERT INTO st.meta VALUES ('folded', 'run-1')");
  await writeFile(runFiles(join(folder, "run-2")).outcome, "");
  expect(await chosen()).toEqual(["2", "3"]);
});
