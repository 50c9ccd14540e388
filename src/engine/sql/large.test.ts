import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { haveGone } from "./decide.ts";
import { undated } from "./look.ts";
import { foldMade } from "./made.ts";
import { matching } from "./match.ts";
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
    "CREATE TABLE made_ref AS SELECT 'account' AS name, md5('r' || i) AS id, 'new' AS value FROM range(-5, 5) t(i)";
  const told = "SELECT count(*) FILTER (value = 'new') AS added, count(*) AS n FROM st.ref";
  expect(await within("80MB", [known], () => [made, foldMade], told)).toEqual({ added: 5, n: many + 5 });
});

test("records that a dead run took over, and all links", async () => {
  const links = `CREATE TABLE st.link AS SELECT 'k' || i AS key, md5('r' || i) AS id, 1::UBIGINT AS h, 'm' || i AS m, false AS rested FROM range(${many}) t(i)`;
  const shape = { match: [{ name: "code", index: 0 }], memberships: [] } as unknown as Shape;
  const there = (more: string) => `SELECT ${more}, md5('r' || i) AS id FROM range(-5, 5) t(i)`;
  const statements = (folder: string) => [
    `CREATE TABLE member_now AS ${there("'l' AS list")}`,
    `CREATE TABLE have_now AS ${there("false AS gone, 'm' || i AS c_code")}`,
    `COPY (${there("'k' || i AS key, 'l' AS list")}) TO '${join(folder, "add.parquet")}'`,
    `CREATE TEMP TABLE sent AS ${there("'k' || i AS key, i + 5 AS n, 'unsent' AS status")}`,
    ...caughtMembers(shape, join(folder, "add.parquet"), true),
  ];
  const told = "SELECT (SELECT count(*) FROM st.link) AS links, (SELECT count(*) FROM st.member) AS members";
  const state = [links, "CREATE TABLE st.member(list VARCHAR, id VARCHAR)"];
  expect(await within("80MB", state, statements, told)).toEqual({ links: many + 5, members: 10 });
});

test("what is known of a mirror of exceptions, and of records that rows without a link could be", async () => {
  const shape = { match: [{ name: "code", index: 0 }], policies: { severalMatches: "oldest" } } as unknown as Shape;
  const state = [
    `CREATE TABLE st.have AS SELECT md5('there' || i) AS id, false AS gone, NULL::TIMESTAMP AS created, 'x' || i AS c_code FROM range(${many}) t(i)`,
    "CREATE TABLE st.link AS SELECT 'k' || i AS key, md5('ours' || i) AS id, 1::UBIGINT AS h, 'm' || i AS m, false AS rested FROM range(1000) t(i)",
    "CREATE TABLE st.pending(key VARCHAR, wake VARCHAR)",
  ];
  const statements = () => [
    "CREATE VIEW have_now AS FROM st.have",
    "CREATE VIEW v_link AS FROM st.link",
    "CREATE TABLE mapped AS SELECT 'n' || i AS key, 'm' || i AS match_value, NULL::VARCHAR AS link_id, false AS gone, NULL::VARCHAR AS code, false AS known FROM range(1000) t(i)",
    "CREATE TABLE touched AS SELECT key, gone FROM mapped",
    "CREATE TABLE doubled(key VARCHAR)",
    haveGone,
    ...matching(shape),
  ];
  const told = `SELECT (SELECT count(*) FROM matching WHERE match = 'taken') AS taken, (SELECT count(*) FROM (${undated(shape).ids.join(" UNION ALL ")})) AS asked`;
  expect(await within("80MB", state, statements, told)).toEqual({ taken: 1000, asked: 1000 });
});
