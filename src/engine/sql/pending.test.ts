import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Duck, openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { noneAside } from "./only.ts";
import { newPending } from "./pending.ts";
import { createTables, valueViews } from "./tables.ts";
import { wake } from "./touch.ts";

const shape = { columns: [], match: [] } as unknown as Shape;
const day = 24 * 3600_000;
const start = Date.parse("2026-11-21T09:30:15.123Z");
const at = (ms: number) => new Date(start + ms).toISOString();

let duck: Duck;
beforeEach(async () => {
  duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: tmpdir() });
  await duck.run("ATTACH ':memory:' AS st");
  for (const statement of createTables) await duck.run(statement);
  for (const statement of valueViews(shape, [], undefined)) await duck.run(statement);
  await duck.run(noneAside);
  await duck.run("CREATE TABLE doubled(key VARCHAR, n INTEGER)");
  await duck.run("CREATE TABLE have_now(id VARCHAR, gone BOOLEAN)");
  await duck.run("CREATE TABLE fresh(id VARCHAR, gone BOOLEAN)");
  await duck.run("CREATE TABLE ref_now(name VARCHAR, id VARCHAR, value VARCHAR)");
  await duck.run("CREATE TABLE parents(name VARCHAR, value VARCHAR)");
  await duck.run("CREATE TABLE skipped_as(key VARCHAR, mapping VARCHAR, print VARCHAR)");
});
afterEach(() => duck.close());

/** A run that looks at row `k`, which is refused for `code`; what then waits is stored. */
async function refused(turn: number, ms: number, code = "refused"): Promise<void> {
  await duck.run(`CREATE OR REPLACE TABLE final AS SELECT 'k' AS key, 'rejected' AS status, '${code}' AS code,
  NULL::VARCHAR AS col, NULL::VARCHAR AS value, NULL::VARCHAR AS message, NULL::VARCHAR AS others, NULL::VARCHAR AS wake, NULL::VARCHAR[] AS waits, false AS gone, NULL::VARCHAR AS leaving`);
  await duck.run(newPending(turn, at(ms)));
  await duck.run("DELETE FROM st.pending");
  await duck.run("INSERT INTO st.pending BY NAME SELECT * FROM new_pending");
}

/** Whether run number `turn` looks at the row. */
async function looks(turn: number, ms: number): Promise<boolean> {
  await duck.run("DROP TABLE IF EXISTS wake");
  await duck.run(wake(shape, false, turn, at(ms)));
  return (await duck.all("SELECT key FROM wake")).length > 0;
}

test("a refused row is tried again after 1, 2, 4, 8 runs", async () => {
  const tried: number[] = [];
  for (let turn = 1; turn <= 20; turn++) {
    if (turn > 1 && !(await looks(turn, turn))) continue;
    tried.push(turn);
    await refused(turn, turn);
  }
  expect(tried).toEqual([1, 2, 4, 8, 16]);
});

test("a day after the last try it is due, however few runs there were", async () => {
  await refused(1, 0);
  await refused(2, 1000);
  await refused(4, 2000);
  expect(await looks(5, 2000 + day - 1000)).toBe(false);
  expect(await looks(5, 2000 + day)).toBe(true);
});

test("another refusal begins anew; what waits for its own row is never due by time", async () => {
  await refused(1, 0);
  await refused(2, 0);
  await refused(4, 0, "too_long");
  expect(await looks(5, 30 * day)).toBe(false);
  await refused(5, 0);
  expect(await looks(6, 0)).toBe(true);
});

test("what an older Sluice left, without a time, goes on by runs alone", async () => {
  await refused(1, 0);
  await duck.run("UPDATE st.pending SET due_at = NULL, due = 3");
  expect(await looks(2, 30 * day)).toBe(false);
  expect(await looks(3, 0)).toBe(true);
});

test("refused while the clock was ahead, it is due once that is put right", async () => {
  await refused(1, 400 * day);
  await refused(2, 400 * day);
  await refused(4, 400 * day);
  expect(await looks(5, 400 * day + 1000)).toBe(false);
  expect(await looks(5, 0)).toBe(true);
  await refused(5, 0);
  expect(await looks(6, 1000)).toBe(false);
});
