import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Scan } from "../../core/connector.ts";
import { type Duck, openDuck } from "../duck.ts";
import type { Shape, ShapeColumn } from "../shape.ts";
import { keepCalled, waitingForOwn, wakeOwn } from "./chains.ts";
import { createTables } from "./tables.ts";

const code = {
  index: 0,
  name: "code",
  role: "mapped",
  target: { name: "code", title: "Code", type: "text", required: false, create: true, update: true },
  line: { from: "code", empty: "clear" },
  said: "code",
  source: { name: "code", said: "code", type: "VARCHAR", computed: false },
} as unknown as ShapeColumn;
const boss = { index: 1, name: "boss", ways: [{ ref: "o.code" }], awaits: [{ way: 0, by: [code] }] };
const shape = { columns: [code, boss], computed: [], audiences: [] } as unknown as Shape;

let duck: Duck;
beforeEach(async () => {
  duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: tmpdir() });
  for (const statement of [
    "ATTACH ':memory:' AS st",
    ...createTables,
    "CREATE TABLE source(key VARCHAR, code VARCHAR)",
  ])
    await duck.run(statement);
});
afterEach(() => duck.close());

/** Which rows are looked at, of a source in which `changed` did, besides those that are `woken`. */
async function lookedAt(changed: string[], woken: string[] = []): Promise<string[]> {
  const quoted = (keys: string[]) => `(SELECT unnest(${JSON.stringify(keys).replaceAll('"', "'")}::VARCHAR[]))`;
  for (const statement of [
    `CREATE OR REPLACE TABLE wake AS SELECT key FROM source WHERE key IN ${quoted(woken)}`,
    ...["own_wait", "own_link", "called"].map((table) => `DROP TABLE IF EXISTS ${table}`),
    waitingForOwn(shape)!,
    wakeOwn,
    `CREATE OR REPLACE TABLE touched AS SELECT *, false AS gone FROM (SELECT key, (key IN ${quoted(changed)})::INT AS h, 0 AS old_h, code AS s_code FROM source)
WHERE h <> old_h OR key IN (SELECT key FROM wake)`,
    ...keepCalled(shape, { dates: {} } as Scan),
  ])
    await duck.run(statement);
  return (await duck.all<{ key: string }>("SELECT key FROM touched ORDER BY key")).map(({ key }) => key);
}

/** A row whose parent goes by `parent` is rejected, as others may be for reasons of their own. */
async function waits(key: string, parent: string, reason = ["parent_missing", "parent"]): Promise<void> {
  await duck.run(`INSERT INTO source VALUES ('${key}', '${key.toUpperCase()}')`);
  await duck.run(
    `INSERT INTO st.pending(key, status, code, wake) VALUES ('${key}', 'rejected', '${reason.join("', '")}')`,
  );
  await duck.run(
    `INSERT INTO st.pending(key, status, wake, ref) VALUES ('${key}', 'waits', 'parent', 'o.code:${parent}')`,
  );
}

test("rows that wait for a row looked at are, too, to the end of the chain; no others", async () => {
  await duck.run("INSERT INTO source VALUES ('a', 'Á'), ('z', 'Z')");
  for (const [key, parent] of ["ba", "cb", "dc", "ex", "fe", "gf"]) await waits(key!, parent!);
  expect(await lookedAt(["a"])).toEqual(["a", "b", "c", "d"]);
  expect(await lookedAt([], ["b"])).toEqual(["b", "c", "d"]);
  expect(await lookedAt(["a", "c", "f"])).toEqual(["a", "b", "c", "d", "f", "g"]);
});

test("a circle that waits for nobody else is passed by, and followed from whoever of it is looked at", async () => {
  for (const [key, parent] of ["ba", "cb", "ac"]) await waits(key!, parent!);
  await duck.run("INSERT INTO source VALUES ('z', 'Z')");
  expect(await lookedAt(["z"])).toEqual(["z"]);
  expect(await lookedAt(["z", "b"])).toEqual(["a", "b", "c", "z"]);
});

test.each([
  ["refused", "destination"],
  ["skipped", "metadata"],
  ["too_long", "metadata"],
])("whoever is %s waits for that, and so does whoever waits for it", async (...reason) => {
  await duck.run("INSERT INTO source VALUES ('a', 'A')");
  await waits("b", "a", reason);
  await waits("c", "b");
  expect(await lookedAt(["a"])).toEqual(["a"]);
  expect(await lookedAt(["a", "b"])).toEqual(["a", "b", "c"]);
});
