import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Duck, openDuck, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { changes, countChanged, newBase, partsOf } from "./new-base.ts";

let folder: string;
let duck: Duck;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-new-base-"));
  duck = await openDuck({ memoryLimit: "256MB", threads: 2, temp: folder });
});
afterEach(async () => {
  await duck.close();
  await rm(folder, { recursive: true });
});

const target = { type: "text", create: true, update: true };
const shape = {
  columns: [
    { index: 0, name: "code", target },
    { index: 1, name: "name", target },
    // A lookup into the table itself, so that rows are written in several waves.
    { index: 2, name: "parent", target: { ...target, type: "lookup" }, awaits: { way: 0 } },
  ],
} as unknown as Shape;

const ROWS = 3000;
const file = {
  change: (wave: Wave) => join(folder, `${wave}.parquet`),
  get settled() {
    return join(folder, "settled.parquet");
  },
};

/** Every third row is made and gets its parent afterwards; of the others some are written, some accepted, some as they were. */
async function given(): Promise<void> {
  const change = (path: string, kind: string, m: number, a: number, of: string) =>
    duck.run(
      `COPY (SELECT 'k' || i AS key, 'id' || i AS id, '${kind}' AS kind, ${m}::UBIGINT AS m, ${a}::UBIGINT AS a, NULL::VARCHAR AS match_value,
CASE WHEN (${m} & 1) > 0 THEN 'C' || i END AS c_code, CASE WHEN ((${m} | ${a}) & 2) > 0 THEN 'new ' || i END AS c_name, CASE WHEN (${m} & 4) > 0 THEN 'p' || i END AS c_parent,
NULL::VARCHAR AS o_code, 'there ' || i AS o_name, NULL::VARCHAR AS o_parent FROM range(${ROWS}) t(i) WHERE ${of}) TO ${text(path)} (FORMAT parquet)`,
    );
  await change(file.change("1-create"), "create", 3, 0, "i % 3 = 0");
  await change(file.change("3-complete"), "later", 4, 0, "i % 3 = 0");
  await change(file.change("2-update"), "update", 2, 0, "i % 3 = 1");
  await change(file.settled, "update", 0, 2, "i % 9 = 2");
  const sent = (["1-create", "2-update", "3-complete"] as const).map(
    (wave) =>
      `SELECT '${wave}' AS wave, file_row_number AS n, key, id, CASE WHEN key LIKE '%7' THEN 'failed' ELSE 'updated' END AS status FROM read_parquet(${text(file.change(wave))}, file_row_number=true)`,
  );
  await duck.run(`CREATE TABLE sent AS ${sent.join(" UNION ALL ")}`);
  const link = "CASE WHEN i % 3 = 0 THEN 'none' ELSE 'linked' END AS link_";
  await duck.run(
    `CREATE TABLE final AS SELECT 'k' || i AS key, CASE WHEN i % 100 > 0 THEN 'id' || i END AS id, NULL::VARCHAR AS old_id, ${link} FROM range(${ROWS}) t(i)`,
  );
  await duck.run(
    `CREATE TABLE v_base AS SELECT 'k' || i AS key, 'C' || i AS c_code, 'old ' || i AS c_name, 'q' || i AS c_parent FROM range(${ROWS}) t(i) WHERE i % 3 > 0`,
  );
  await duck.run("CREATE TABLE v_seen AS SELECT * REPLACE ('seen' AS c_parent) FROM v_base WHERE key LIKE '%4'");
  await duck.run(
    `CREATE TABLE latest AS SELECT 'id' || i AS id, i % 50 = 0 AS gone, 'C' || i AS c_code, 'as kept ' || i AS c_name, 'p' || i AS c_parent FROM range(${ROWS}) t(i) WHERE i % 2 = 0`,
  );
}

test("the new base is the same of few rows, of many, and of so many that they are joined in parts", async () => {
  await given();
  for (const statement of changes(shape, file, { rows: 0, changed: 0, memory: 1e9, folder })) await duck.run(statement);
  const sizes = [
    { rows: ROWS, changed: 0, memory: 1e9, parts: 1, drop: "TABLE" },
    { rows: 30_000, changed: ROWS, memory: 1e9, parts: 1, drop: "VIEW" },
    { rows: 30_000, changed: ROWS, memory: 1e6, parts: 3, drop: "VIEW" },
    { rows: 30_000, changed: ROWS, memory: 1e5, parts: 22, drop: "VIEW" },
  ];
  const found: unknown[][] = [];
  for (const { parts, drop, ...size } of sizes) {
    expect(partsOf(shape, { ...size, folder }, "key")).toHaveLength(parts);
    for (const statement of newBase(shape, "v_base", { ...size, folder })) await duck.run(statement);
    found.push(await duck.all("FROM new_base ORDER BY key"));
    await duck.run(`DROP ${drop} new_base`);
  }
  const [few, ...others] = found;
  expect(few).toHaveLength(900 + 900 + 334);
  for (const each of others) expect(each).toEqual(few);
});

test.each([1e9, 1e5])(
  "what several waves wrote of a row is put together, the rest stays as it is (%d bytes)",
  async (memory) => {
    await given();
    const size = { rows: 30_000, ...(await duck.one<{ changed: number }>(countChanged(shape, file, 30_000))), memory };
    expect(size.changed).toBe(900 + 900 + 334);
    for (const statement of changes(shape, file, { ...size, folder })) await duck.run(statement);
    expect(await duck.one("SELECT count(*) AS rows, count(DISTINCT key) AS keys FROM changed")).toEqual({
      rows: 2134,
      keys: 2134,
    });
    const row = (n: number) =>
      duck.all(`SELECT kind, m, a, c_code, c_name, c_parent, o_name FROM changed WHERE key = 'k${n}'`);
    const whole = { c_code: "C3", c_name: "new 3", c_parent: "p3", o_name: "there 3" };
    expect(await row(3)).toEqual([{ kind: "create", m: 7, a: 0, ...whole }]);
    const one = { c_code: null, c_parent: null };
    expect(await row(4)).toEqual([{ kind: "update", m: 2, a: 0, ...one, c_name: "new 4", o_name: "there 4" }]);
    expect(await row(11)).toEqual([{ kind: "update", m: 0, a: 2, ...one, c_name: "new 11", o_name: "there 11" }]);
    expect(await row(7)).toEqual([]);
    expect(await row(5)).toEqual([]);
  },
);
