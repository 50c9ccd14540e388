import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelObject } from "../../test/model.ts";
import type { Batch, Wire } from "../core/connector.ts";
import { type Batches, openBatches, type WaveFile } from "./batches.ts";
import { type Duck, openDuck, text } from "./duck.ts";

const rows = 12_345;
const object = modelObject(false);
const wire: Wire = {
  property: (_, column) => column,
  identity: () => `'"id":"' || id || '"'`,
  fragment: (_, column, value) => [`'"${column.name}":'`, `to_json(${value})::VARCHAR`],
};

let folder: string;
let duck: Duck;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-batches-"));
  duck = await openDuck({ memoryLimit: "256MB", temp: folder });
  path = join(folder, "change.parquet");
  await duck.run(`COPY (SELECT 'i' || range AS id, 'k' || range AS key, repeat('ü', (range % 7)::INTEGER) || range AS name, range % 3 = 0 AS has
FROM range(${rows}) ORDER BY range) TO ${text(path)} (FORMAT parquet)`);
});
afterAll(async () => {
  await duck.close();
  await rm(folder, { recursive: true });
});

const open = () =>
  openBatches(duck, object, wire, {
    path,
    op: "update",
    rows,
    columns: [{ wire: { name: "name" }, present: "has", value: "name" }],
  });
const parse = (batch: Batch) => JSON.parse(`[${Buffer.from(batch.elements).toString("utf8")}]`) as object[];
const expected = (n: number) => ({ id: `i${n}`, ...(n % 3 === 0 && { name: "ü".repeat(n % 7) + n }) });
const numbers = ({ from, to }: Batch) => Array.from({ length: to - from }, (_, i) => from + i);

async function each(batches: Batches, size: (n: number) => number): Promise<Batch[]> {
  const all: Batch[] = [];
  for (let next = await batches.next(size(0)); next; next = await batches.next(size(all.length))) all.push(next);
  return all;
}

test("long texts are made ready few at a time: memory has room for them", async () => {
  const long = join(folder, "long.parquet");
  const each = 25_000;
  await duck.run(`COPY (SELECT 'i' || range AS id, 'k' || range AS key, range || repeat('x', ${each}) AS name, true AS has
FROM range(1_500)) TO ${text(long)} (FORMAT parquet)`);
  const columns = [{ wire: { name: "name" }, present: "has", value: "name" }];
  const batches = await openBatches(duck, object, wire, { path: long, op: "update", rows: 1_500, columns });
  let next = 0;
  for (let batch = await batches.next(100); batch; batch = await batches.next(100)) {
    expect(batch.from).toBe(next);
    expect(batch.elements.length).toBeGreaterThan(batch.rows * each);
    next = batch.to;
  }
  expect(next).toBe(1_500);
  await batches.close();
});

test("whatever sizes are asked for, every change is in one batch, in order, and none is larger", async () => {
  const batches = await open();
  const sizes = (n: number) => [1, 100, 7, 1000, 454][n % 5]!;
  const all = await each(batches, sizes);
  expect(all.flatMap(numbers)).toEqual(Array.from({ length: rows }, (_, n) => n));
  for (const [i, batch] of all.entries()) {
    expect(batch.rows).toBe(batch.to - batch.from);
    expect(batch.rows).toBeLessThanOrEqual(sizes(i));
    expect(parse(batch)).toEqual(numbers(batch).map(expected));
  }
  expect(await batches.next(10)).toBeUndefined();
  await batches.close();
});

test("only the first rows of a file, whatever its groups; a column that all have, some, or none", async () => {
  const grouped = join(folder, "grouped.parquet");
  await duck.run(
    `COPY (SELECT 'i' || range AS id, 'k' || range AS key, range AS name FROM range(40000) ORDER BY range) TO ${text(grouped)} (FORMAT parquet, ROW_GROUP_SIZE 16384)`,
  );
  const present = {
    all: "true",
    some: "name % 2 = 0",
    unsaid: "CASE WHEN name % 2 = 0 THEN true END",
    none: "name < 0",
  };
  const columns = Object.entries(present).map(([name, sql]) => ({ wire: { name }, present: sql, value: "name" }));
  const batches = await openBatches(duck, object, wire, { path: grouped, op: "update", rows: 35_001, columns });
  const sent = (await each(batches, () => 5000)).flatMap(parse);
  expect(sent).toEqual(
    Array.from({ length: 35_001 }, (_, n) => ({ id: `i${n}`, all: n, ...(n % 2 === 0 && { some: n, unsaid: n }) })),
  );
  await batches.close();
});

test("where DuckDB gives the rows of a range in another order, they are put in order", async () => {
  let disordered = 0;
  const connect = async () => {
    const connection = await duck.connect();
    const runAndReadAll = (sql: string) => {
      const unordered = sql.includes("string_agg") && !sql.includes("ORDER BY place");
      if (unordered) disordered++;
      return connection.runAndReadAll(unordered ? `${sql.slice(0, -1)} ORDER BY (place + 5000) % 9000)` : sql);
    };
    return { runAndReadAll, closeSync: () => connection.closeSync() } as typeof connection;
  };
  const columns = [{ wire: { name: "name" }, present: "has", value: "name" }];
  const batches = await openBatches({ ...duck, connect }, object, wire, { path, op: "update", rows, columns });
  const all = await each(batches, () => 1000);
  expect(disordered).toBe(2);
  expect(all.flatMap(parse)).toEqual(Array.from({ length: rows }, (_, n) => expected(n)));
  expect(all.flatMap(numbers)).toEqual(Array.from({ length: rows }, (_, n) => n));
  await batches.close();
});

test("a range is shared out evenly: no small rest", async () => {
  const batches = await open();
  const all = await each(batches, () => 454);
  expect(Math.min(...all.map((b) => b.rows))).toBeGreaterThan(380);
  await batches.close();
});

test("a batch knows its keys and splits into parts, and those split again", async () => {
  const batches = await open();
  await batches.next(1000);
  const batch = (await batches.next(10))!;
  expect(await batch.keys()).toEqual(numbers(batch).map((n) => ({ n, id: `i${n}`, key: `k${n}` })));
  const parts = await batch.split(4);
  expect(parts.map((p) => p.rows)).toEqual([3, 3, 3, 1]);
  expect(parts.flatMap(parse)).toEqual(parse(batch));
  const singles = await parts[1]!.split(3);
  expect(singles.map((s) => [s.from, s.to])).toEqual(numbers(parts[1]!).map((n) => [n, n + 1]));
  expect(parse(singles[2]!)).toEqual([expected(singles[2]!.from)]);
  expect(await singles[2]!.keys()).toHaveLength(1);
  await batches.close();
});

test("callers who ask at once are served one after another; closing in the middle is clean", async () => {
  const batches = await open();
  const all = await Promise.all(Array.from({ length: 20 }, () => batches.next(50)));
  expect(all.map((b) => b!.from)).toEqual(Array.from({ length: 20 }, (_, i) => i * 50));
  await batches.close();
});

test("guarded: numbers are the file's own, with gaps, and each key has its version", async () => {
  const guarded = join(folder, "guarded.parquet");
  await duck.run(
    `COPY (SELECT 'i' || range AS id, 'k' || range AS key, range * 3 AS n, CASE WHEN range <> 4 THEN 'v' || range END AS etag FROM range(10) ORDER BY range) TO ${text(guarded)} (FORMAT parquet)`,
  );
  const wave: WaveFile = { path: guarded, op: "update", rows: 10, columns: [], guarded: true };
  const batches = await openBatches(duck, object, wire, wave);
  const all = await each(batches, () => 4);
  expect(all.map(({ from, to, rows, guarded }) => [from, to, rows, guarded])).toEqual([
    [0, 10, 4, true],
    [12, 19, 3, true],
    [21, 28, 3, true],
  ]);
  expect(await all[1]!.keys()).toEqual([
    { n: 12, id: "i4", key: "k4" },
    { n: 15, id: "i5", key: "k5", etag: "v5" },
    { n: 18, id: "i6", key: "k6", etag: "v6" },
  ]);
  const [, second] = await all[1]!.split(3);
  expect([second!.from, second!.to, parse(second!)]).toEqual([15, 16, [{ id: "i5" }]]);
  expect(await second!.keys()).toHaveLength(1);
  await batches.close();
});

test("a file without a change ends at once; one that has fewer than it should is a bug", async () => {
  const of = (rows: number) => openBatches(duck, object, wire, { path, op: "update", rows, columns: [] });
  const none = await of(0);
  expect(await none.next(10)).toBeUndefined();
  await none.close();
  await expect(of(rows + 1)).rejects.toMatchObject({ code: "bug", message: expect.stringContaining(`${rows + 1}`) });
});
