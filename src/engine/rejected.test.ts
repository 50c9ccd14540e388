import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDuck, parquetRows, text } from "./duck.ts";
import { exportRejected, type LeftRun, rejectedGroups, rejectedRows } from "./rejected.ts";

let folder: string;
let runs: LeftRun[];

/** Leaves an outcome file: rows of key, status, code, col, value, message, wake, runs, due_at as SQL. */
async function leave(name: string, columns: string, values: string): Promise<LeftRun> {
  const run = { sync: name, run: `run-${name}`, folder: join(folder, name) };
  await mkdir(run.folder);
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  await duck.run(
    `COPY (SELECT * FROM (VALUES ${values}) v(${columns})) TO ${text(join(run.folder, "outcome.parquet"))} (FORMAT parquet)`,
  );
  await duck.close();
  return run;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-rejected-"));
  const all = "key, status, code, col, value, message, wake, runs, due_at";
  const people = await leave(
    "people",
    all,
    `('1', 'rejected', 'too_long', 'lastname', 'abc', '2', 'metadata', NULL, NULL::TIMESTAMP),
('2', 'rejected', 'refused', NULL, NULL, 'No. (0x80040265)', 'destination', 4, '2026-11-22 09:30:00'::TIMESTAMP),
('3', 'rejected', 'refused', NULL, NULL, 'No. (0x80040265)', 'destination', 2, '2026-11-22 08:30:00'::TIMESTAMP),
('4', 'rejected', 'refused', NULL, NULL, 'Other. (0x80048306)', 'destination', 1, '2026-11-22 08:30:00'::TIMESTAMP),
('=2+3', 'rejected', 'bad_phone', 'telephone1', '+49 (0', NULL, 'row', NULL, NULL)`,
  );
  // As a Sluice left it that did not tell yet when a row is due.
  const old = await leave(
    "old",
    "key, status, code, col, value, message, wake",
    "('9', 'excluded', 'deleted_there', NULL, NULL, NULL, 'record')",
  );
  runs = [people, old];
});
afterAll(() => rm(folder, { recursive: true }));

test("groups: by cause, a refusal by the destination's own code, with when the first is tried again", async () => {
  const groups = await rejectedGroups(runs, {});
  expect(groups.map((g) => [g.sync, g.rows, g.code, g.column, g.cause, g.keys.join(), g.again])).toEqual([
    ["old", 1, "deleted_there", null, null, "9", "when its record changes there"],
    [
      "people",
      2,
      "refused",
      null,
      "0x80040265",
      "2,3",
      "in the run after 1 more, or the first after 2026-11-22 08:30 UTC",
    ],
    ["people", 1, "bad_phone", "telephone1", null, "=2+3", "when its source row changes"],
    ["people", 1, "refused", null, "0x80048306", "4", "in the next run"],
    [
      "people",
      1,
      "too_long",
      "lastname",
      null,
      "1",
      "when its source row, the mapping or the column's definition changes",
    ],
  ]);
  expect(groups[4]).toMatchObject({ run: "run-people", example: expect.stringContaining('"abc" has 3 characters') });
});

test("groups: a key that comes twice is named once", async () => {
  const doubled = ["7", "7", "8"].map((key) => `('${key}', 'rejected', 'key_doubled', NULL, NULL, '2', 'row')`);
  const run = await leave("doubled", "key, status, code, col, value, message, wake", doubled.join(", "));
  expect(await rejectedGroups([run], {})).toMatchObject([{ rows: 3, keys: ["7", "8"] }]);
});

test("rows: those meant, in order, so many at most", async () => {
  const keys = async (...[filter, limit = 10]: [Parameters<typeof rejectedRows>[1], number?]) =>
    (await rejectedRows(runs, filter, limit)).map((row) => row.key);
  expect(await keys({})).toEqual(["9", "=2+3", "2", "3", "4", "1"]);
  expect(await keys({}, 2)).toEqual(["9", "=2+3"]);
  expect(await keys({ code: "refused" })).toEqual(["2", "3", "4"]);
  expect(await keys({ code: "0X80048306" })).toEqual(["4"]);
  expect(await keys({ column: "lastname" })).toEqual(["1"]);
  expect(await keys({ code: "refused", keys: ["1", "3"] })).toEqual(["3"]);
  expect(await rejectedRows([{ ...runs[0]!, folder: join(folder, "nowhere") }], {}, 9)).toEqual([]);
});

test("files: CSV without formulas, JSON and Parquet with the values as they are; for the owner alone", async () => {
  const csv = join(folder, "out.csv");
  expect(await exportRejected(runs, { code: "bad_phone" }, csv)).toBe(1);
  const [head, row, ...more] = (await readFile(csv, "utf8")).trimEnd().split("\n");
  expect(head).toBe("sync,run,key,status,code,column,value,message,tried_again,due_in_runs,due_at");
  expect(row).toMatch(/^people,run-people,'=2\+3,rejected,bad_phone,telephone1,'\+49 \(0,/);
  expect(more).toEqual([]);
  expect((await stat(csv)).mode & 0o777).toBe(0o600);

  const json = join(folder, "out.json");
  expect(await exportRejected(runs, {}, json)).toBe(6);
  const rows = JSON.parse(await readFile(json, "utf8"));
  expect(rows.find((one: { key: string }) => one.key === "=2+3")).toMatchObject({
    column: "telephone1",
    value: "+49 (0",
  });

  const parquet = join(folder, "out.PARQUET");
  await exportRejected(runs, {}, parquet);
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  expect(await duck.one(`SELECT count(*) AS n, max(due_in_runs) AS due FROM ${parquetRows(parquet)}`)).toEqual({
    n: 6,
    due: 4,
  });
  await duck.close();
});

test("a file of another kind, or in a folder that is not there, is refused; no run at all leaves an empty one", async () => {
  const fault = { code: "usage", remedy: expect.any(String) };
  await expect(exportRejected(runs, {}, join(folder, "out.xlsx"))).rejects.toMatchObject(fault);
  await expect(exportRejected(runs, {}, join(folder, "no", "out.csv"))).rejects.toMatchObject(fault);
  const taken = join(folder, "taken.csv");
  await writeFile(taken, "mine");
  expect(await exportRejected([{ ...runs[0]!, folder: join(folder, "nowhere") }], {}, taken)).toBe(0);
  expect(await readFile(taken, "utf8")).toMatch(/^sync,run,key[\w,]*\n$/);
});
