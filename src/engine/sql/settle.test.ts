import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Duck, openDuck, text } from "../duck.ts";
import type { Wave } from "../layout.ts";
import type { Shape } from "../shape.ts";
import { lookalikesAfter } from "./lookalike.ts";
import { finalRows, readJournal, resolveUnknown, sentChanges } from "./settle.ts";

let folder: string;
let duck: Duck;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-settle-"));
  duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
});
afterEach(async () => {
  await duck.close();
  await rm(folder, { recursive: true });
});

const file = (wave: Wave) => join(folder, `${wave}.parquet`);

const target = { type: "text" };
const code = { index: 0, name: "code", target };
const shape = {
  columns: [code, { index: 1, name: "name", target }],
  match: [code],
  memberships: [],
} as unknown as Shape;

/** Creates whose answers were lost, by code; `sent`: the ids that were sent. `after`: what was read back (id, gone, code, name). */
async function lost(sent: Record<string, string | null>, after: string): Promise<string[]> {
  const rows = Object.entries(sent).map(([key, id]) => `(${text(key)}, ${id === null ? "NULL" : text(id)})`);
  const change = (wave: Wave, of: string) => `COPY (${of}) TO ${text(file(wave))} (FORMAT parquet)`;
  const values = (of: string) =>
    `SELECT key, id, 'create' AS kind, 3::UBIGINT AS m, lower(key) AS match_value, key AS c_code, 'Ann' AS c_name, NULL::VARCHAR AS o_code, NULL::VARCHAR AS o_name FROM (VALUES ${of}) t(key, id)`;
  await duck.run(change("1-create", values(rows.join(", "))));
  for (const wave of ["2-update", "3-complete"] as const)
    await duck.run(change(wave, `${values("('', NULL::VARCHAR)")} WHERE false`));
  await duck.run(`CREATE TABLE sent AS SELECT '1-create' AS wave, file_row_number AS n, key, kind, id, NULL::VARCHAR AS code, 'unknown' AS status
FROM read_parquet(${text(file("1-create"))}, file_row_number=true)`);
  await duck.run(`CREATE TABLE after AS FROM (VALUES ${after}) t(id, gone, c_code, c_name)`);
  return [lookalikesAfter(shape, file("1-create")), ...resolveUnknown(shape, file, false)];
}

test("a create whose answer was lost is found by the id that was sent, or where none was by its match value, once", async () => {
  const statements = await lost(
    { A: "id-a", B: "id-b", C: null, D: "id-d", E: null, F: "id-f", G: null },
    `('id-a', false, 'A', 'Ann'), ('a-other', false, 'A', 'Ann'), ('b-other', false, 'B', 'Ann'), ('id-c', false, 'C', 'Ann'),
    ('id-d', false, 'D', 'Bea'), ('d-other', false, 'D', 'Ann'), ('id-e', false, 'E', 'Bea'), ('id-f', true, 'F', 'Ann'),
    ('g-1', false, 'G', 'Ann'), ('g-2', false, 'G', 'Ann')`,
  );
  for (const statement of statements) await duck.run(statement);
  expect(await duck.all("SELECT key, status, id FROM sent ORDER BY key")).toEqual([
    { key: "A", status: "created", id: "id-a" },
    { key: "B", status: "failed", id: "id-b" },
    { key: "C", status: "created", id: "id-c" },
    { key: "D", status: "failed", id: "id-d" },
    { key: "E", status: "failed", id: null },
    { key: "F", status: "failed", id: "id-f" },
    { key: "G", status: "created", id: "g-1" },
  ]);
  expect(await duck.one("SELECT count(*) AS n FROM resolved")).toEqual({ n: 3 });
});

test("a create that was refused because a record is there is found by the id that was sent alone: any other is somebody's", async () => {
  const statements = await lost(
    { A: "id-a", B: "id-b", C: null, D: null },
    `('id-a', false, 'A', 'Ann'), ('b-other', false, 'B', 'Ann'), ('id-c', false, 'C', 'Ann'), ('id-e', false, 'E', 'Ann')`,
  );
  await duck.run("UPDATE sent SET code = '0x80060892'");
  for (const statement of statements) await duck.run(statement);
  expect(await duck.all("SELECT key, status, code FROM sent ORDER BY key")).toEqual([
    { key: "A", status: "created", code: null },
    { key: "B", status: "failed", code: "0x80060892" },
    { key: "C", status: "failed", code: "0x80060892" },
    { key: "D", status: "rejected", code: "0x80060892" },
  ]);
});

test("no join compares every lost answer with every record", async () => {
  const [alike, resolve] = await lost({ A: "id-a" }, "('id-a', false, 'A', 'Ann')");
  await duck.run(alike!);
  for (const statement of [alike, resolve]) {
    const plan = JSON.stringify(await duck.all(`EXPLAIN ${statement}`));
    expect(plan).toContain("HASH_JOIN");
    expect(plan).not.toMatch(/NL_JOIN|NESTED_LOOP_JOIN|CROSS_PRODUCT/);
  }
});

const waves = ["0-activate", "1-create", "2-update"] as const;
const keys = ["a", "b", "c", "d", "e"];

type Answer = { status: string; code?: string; message?: string };
const answer: fc.Arbitrary<Answer> = fc.record(
  {
    status: fc.constantFrom("updated", "rejected", "failed", "unknown"),
    code: fc.constantFrom("0x1", "0x2", "gone", "moved_there"),
    message: fc.string({ unit: "grapheme", maxLength: 40 }),
  },
  { requiredKeys: ["status"] },
);
/** Of each wave the journal's lines, each about as many changes as it has answers; undefined is as the line says. */
const journals = fc.tuple(
  ...waves.map(() =>
    fc.array(fc.array(fc.option(answer, { nil: undefined }), { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  ),
);

test("a row tells the message of its first change that was not taken, whatever the journal says", async () => {
  for (const wave of waves)
    await duck.run(
      `COPY (SELECT unnest([${keys.map(text).join(", ")}]) AS key, 'update' AS kind, 'id' AS id) TO ${text(file(wave))} (FORMAT parquet)`,
    );
  const touched = join(folder, "touched.parquet");
  await duck.run(`COPY (SELECT unnest([${keys.map(text).join(", ")}]) AS key, false AS gone, 1 AS h, 'update' AS action, 'linked' AS link_, 'm' AS match_value,
  NULL::BOOLEAN AS rested, 'id' AS old_id, 'id' AS id, NULL::VARCHAR AS code, NULL::VARCHAR AS col, NULL::VARCHAR AS value, NULL::VARCHAR AS others, NULL::VARCHAR[] AS waits) TO ${text(touched)} (FORMAT parquet)`);
  const journal = join(folder, "journal.ndjson");
  await fc.assert(
    fc.asyncProperty(journals, async (told) => {
      const lines = waves.flatMap((w, i) => {
        let f = 0;
        return told[i]!.map((answers) => {
          const x = answers.flatMap((each, k) => (each ? [{ n: f + k, ...each }] : []));
          const line = { w, f, t: f + answers.length, s: "updated", i: [], x };
          f = line.t;
          return `${JSON.stringify(line)}\n`;
        });
      });
      await writeFile(journal, `${lines.join("")}{"w":"1-create","f":0,"t":5,"s":"crea`);
      const statements = [...readJournal(journal), sentChanges(waves, file), finalRows(touched, undefined)];
      for (const statement of statements) await duck.run(statement);
      const expected = keys.map((key, n) => {
        const all = told.map((each): Answer => {
          const answers = each.flat();
          return answers[n] ?? { status: n < answers.length ? "updated" : "unsent" };
        });
        const first = all.find(({ status }) => status !== "updated");
        const refused = all.some(
          ({ status, code }) => status === "rejected" && code !== "gone" && code !== "moved_there",
        );
        const why = first?.code && `(${first.code})`;
        const message = refused ? [first?.message, why].filter((part) => part !== undefined).join(" ") : first?.message;
        const overtaken = !refused && all.some(({ code }) => code === "moved_there");
        return { key, message: overtaken ? null : (message ?? null) };
      });
      expect(await duck.all("SELECT key, message FROM final ORDER BY key")).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
