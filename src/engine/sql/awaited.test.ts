import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Duck, openDuck } from "../duck.ts";
import type { Shape } from "../shape.ts";
import { dependentsMove } from "./apply.ts";
import { lostRows, withoutFallen, withoutLost } from "./awaited.ts";
import { columnBits } from "./rules.ts";

const awaits = (index: number, ...ways: string[]) => ({
  index,
  name: `c${index}`,
  role: "mapped",
  awaits: ways.map((missing, way) => ({ way, missing, hint: "" })),
});
const columns = [awaits(0, "reject", "null"), awaits(1, "null")];
const shape = { columns, policies: { mode: "upsert" } } as unknown as Shape;

let duck: Duck;
beforeAll(async () => {
  duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: tmpdir() });
});
afterAll(() => duck.close());

const run = async (statements: string[]) => {
  for (const statement of statements) await duck.run(statement);
};
const key = fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8");
const rows = fc.uniqueArray(
  fc.record({
    key,
    action: fc.constantFrom("create", "create", "create", "update", "reject"),
    boss: fc.option(key),
    helper: fc.option(key),
    way: fc.constantFrom(0, 0, 1),
    empties: fc.boolean(),
  }),
  { selector: (row) => row.key, minLength: 1 },
);

/** `decided`, with rows that await others of them. */
const decided = (
  given: { key: string; action: string; boss: string | null; helper: string | null; way?: number; empties?: boolean }[],
) => {
  const value = (text: string | null) => (text === null ? "NULL" : `'${text}'`);
  return `CREATE OR REPLACE TABLE decided AS SELECT key, action, CASE WHEN action <> 'create' THEN 'id' || key END AS id,
  CASE WHEN action = 'create' THEN 'none' ELSE 'linked' END AS link_, 'present' AS there_, 3::UBIGINT AS m, 0::UBIGINT AS a, 0::UBIGINT AS sm, 0::UBIGINT AS dm,
  NULL::VARCHAR AS code, NULL::VARCHAR AS col, NULL::VARCHAR AS value, NULL::VARCHAR AS "limit", NULL::VARCHAR[] AS waits,
  way AS way_0, empties AS without_0, empties AS without_1, ${["boss", "helper"].map((name, i) => `${name} AS later_${i}, ${name} AS said_${i}, 'r:' || ${name} AS ref_${i}, 'later:' || ${name} AS x_${i}`).join(", ")}
FROM (VALUES ${given.map((r) => `(${value(r.key)}, ${value(r.action)}, ${value(r.boss)}::VARCHAR, ${value(r.helper)}::VARCHAR, ${r.way ?? 0}, ${r.empties ? columnBits.write : 0})`).join(", ")}) t(key, action, boss, helper, way, empties)`;
};

test("whoever awaits a row that does not go is rejected with it, or goes without, as if told one by one", async () => {
  const outcome = () =>
    duck.all(
      "SELECT key, action, m, code, col, value, later_0, CASE WHEN m <> 0 THEN x_0 END AS x_0, CASE WHEN m <> 0 THEN x_1 END AS x_1 FROM decided ORDER BY key",
    );
  const lost = async () => (await duck.one<{ lost: number }>(lostRows(shape)!)).lost;
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      await duck.run(decided(given));
      while ((await lost()) > 0) await run(withoutLost(shape));
      const each = await outcome();
      await run(["DROP TABLE IF EXISTS falls_with", "DROP TABLE IF EXISTS fallen", decided(given)]);
      await run([...withoutLost(shape), ...withoutFallen(shape)]);
      expect(await lost()).toBe(0);
      expect(await outcome()).toEqual(each);
    }),
    { numRuns: Number(process.env.RUNS ?? 25), seed: Number(process.env.SEED ?? 1) },
  );
});

test("of an applied plan whoever points at a row that is made and held back is held back, to the end of the chain", async () => {
  const row = (key: string, boss: string | null, action = "create") => ({ key, action, boss, helper: null });
  await run([
    decided([
      row("1", null),
      row("2", "1"),
      row("3", "2"),
      row("4", "3", "update"),
      row("5", "4"),
      row("6", null),
      row("7", "6"),
    ]),
    "CREATE TABLE compared AS SELECT key, true AS planned, key <> '1' AS same FROM decided",
    ...dependentsMove(shape),
  ]);
  expect(await duck.all("SELECT key FROM compared WHERE same ORDER BY key")).toEqual(
    ["5", "6", "7"].map((key) => ({ key })),
  );
});
