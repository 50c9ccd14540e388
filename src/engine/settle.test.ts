import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuck } from "./duck.ts";
import { noRoomToFold } from "./settle.ts";
import { createTables } from "./sql/tables.ts";

test("a plan that memory does not let fold is told so: by where its rows lie, those that left too, and not by how many are looked at", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-room-"));
  const duck = await openDuck({ memoryLimit: "256MB", temp: folder });
  for (const statement of ["ATTACH ':memory:' AS st", ...createTables]) await duck.run(statement);
  await duck.run("INSERT INTO st.link(key, h) SELECT 'k' || range, 1 FROM range(204_800)");
  const told = async (rows: string, memory: number) => {
    await duck.run(`CREATE OR REPLACE TABLE decided AS ${rows}`);
    await duck.run(
      "CREATE OR REPLACE TABLE linked AS SELECT rowid AS place, key AS link_key FROM st.link WHERE key IN (SELECT key FROM decided)",
    );
    return (await noRoomToFold({ duck: { ...duck, memory } }))?.message;
  };
  const row = (key: string, gone: boolean, m: number) =>
    `SELECT ${key} AS key, ${gone} AS gone, ${m} AS m, 0 AS a FROM`;
  const anywhere = "'k' || range * 2000";
  // Of a hundred portions of each table: 3.3 MB where all of them are met.
  for (const rows of [`${row(anywhere, false, 1)} range(102)`, `${row(anywhere, true, 0)} range(102)`]) {
    expect(await told(rows, 4e6)).toContain("a state of 204,800 rows takes 4 MB of memory");
    expect(await told(rows, 4.2e6)).toBeUndefined();
  }
  expect(await told(`${row(anywhere, false, 0)} range(102)`, 4e6)).toBeUndefined();
  expect(await told(`${row("'new' || range", false, 1)} range(10_000)`, 1e6)).toBeUndefined();
  expect(await told(`${row("'k' || range", false, 1)} range(20_000)`, 1e6)).toBeUndefined();
  await duck.close();
  await rm(folder, { recursive: true });
});
