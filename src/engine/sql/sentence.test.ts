import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Case, explain, reasons, wakes } from "../../core/reasons.ts";
import { type Duck, openDuck, text } from "../duck.ts";
import { again, sentence } from "./sentence.ts";

let duck: Duck;
beforeAll(async () => {
  duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: tmpdir() });
});
afterAll(() => duck.close());

const literal = (value: string | null | undefined) => (value == null ? "NULL::VARCHAR" : text(value));
const inSql = async (code: string, { column, value, detail }: Case) =>
  (
    await duck.one<{ said: string }>(
      `SELECT ${sentence()} AS said FROM (SELECT ${text(code)} AS code, ${literal(column)} AS col, ${literal(value)} AS value, ${literal(detail)} AS message)`,
    )
  ).said;

const cases: Case[] = [
  {},
  { column: "lastname", value: "O'Neil {limit}", detail: "at most 50" },
  { column: "lastname", value: "😀".repeat(81), detail: "" },
  { column: "lastname", value: "a".repeat(80), detail: "{value}" },
  { value: "", detail: 'it said "no"' },
];

test.each([...Object.keys(reasons), "0x80044331"])("%s is told in SQL as everywhere", async (code) => {
  for (const one of cases) expect(await inSql(code, one)).toBe(explain(code, { ...one, limit: one.detail ?? null }));
});

test("every wake condition has words", async () => {
  for (const [wake, words] of Object.entries(wakes))
    expect(await duck.one(`SELECT ${again()} AS words FROM (SELECT ${text(wake)} AS wake)`)).toEqual({ words });
});
