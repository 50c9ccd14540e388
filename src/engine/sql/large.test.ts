import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { foldMade } from "./made.ts";
import { caughtMembers } from "./recover-updates.ts";

/** The few that are asked for are kept in memory, not the table that they are looked up in. */

const many = 1_500_000;

async function within(memory: string, state: string[], statements: (folder: string) => string[], told: string) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const duck = await openDuck({ memoryLimit: memory, temp: folder, threads: 1 });
  try {
    await duck.run("SET max_temp_directory_size = '0B'");
    await duck.run(`ATTACH '${join(folder, "rows.duckdb")}' AS st`);
    for (const statement of [...state, "CHECKPOINT st", ...statements(folder)]) await duck.run(statement);
    return await duck.one(told);
  } finally {
    await duck.close();
    rmSync(folder, { recursive: true });
  }
}

test("parents that a run made, and all that are known already", async () => {
  const known = `CREATE TABLE st.ref AS SELECT 'account' AS name, md5('r' || i) AS id, 'v' || i AS value, false AS barred FROM range(${many}) t(i)`;
  const made =
    "CREATE TEMP TABLE made_ref AS SELECT 'account' AS name, md5('r' || i) AS id, 'new' AS value FROM range(-5, 5) t(i)";
  const told = "SELECT count(*) FILTER (value = 'new') AS added, count(*) AS n FROM st.ref";
  expect(await within("80MB", [known], () => [made, foldMade], told)).toEqual({ added: 5, n: many + 5 });
});

test("records that a dead run took over, and all links", async () => {
  const links = `CREATE TABLE st.link AS SELECT 'k' || i AS key, md5('r' || i) AS id, 1::UBIGINT AS h, 'm' || i AS m, false AS rested FROM range(${many}) t(i)`;
  const shape = { match: [{ name: "code", index: 0 }] } as unknown as Shape;
  const there = (more: string) => `SELECT ${more}, md5('r' || i) AS id FROM range(-5, 5) t(i)`;
  const statements = (folder: string) => [
    `CREATE TEMP TABLE member_now AS ${there("'l' AS list")}`,
    `CREATE TEMP TABLE have_now AS ${there("false AS gone, 'm' || i AS c_code")}`,
    `COPY (${there("'k' || i AS key, 'l' AS list")}) TO '${join(folder, "add.parquet")}'`,
    ...caughtMembers(shape, join(folder, "add.parquet")),
  ];
  const told = "SELECT (SELECT count(*) FROM st.link) AS links, (SELECT count(*) FROM st.member) AS members";
  const state = [links, "CREATE TABLE st.member(list VARCHAR, id VARCHAR)"];
  expect(await within("80MB", state, statements, told)).toEqual({ links: many + 5, members: 10 });
});
