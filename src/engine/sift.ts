import { rm } from "node:fs/promises";
import type { Duck } from "./duck.ts";
import { type PageFile, pagesAtOnce, rowsOf, type Wanted } from "./pages.ts";
import { hashOf } from "./sql/names.ts";

/** Rows that are compared with what is expected at once: at least so many, and so large a share of those. */
const compared = 100_000;
const shareCompared = 1 / 30;

/**
 * Takes pages of a read whose rows are to be compared first: see `Ingest.expected`. Of a row only its hash is kept until some
 * are together (to put all values into a table cost as much again as to read them), and of the pages in which there are
 * others than expected these are then read once more. Without pages all that is left is compared, at the end.
 */
export async function sifting(
  duck: Duck,
  job: Wanted,
  expected: string,
): Promise<(pages?: readonly PageFile[]) => Promise<void>> {
  const { portion } = await duck.one<{ portion: number }>(
    `SELECT greatest(${compared}, count(*) * ${shareCompared}) AS portion FROM ${expected}`,
  );
  const hashed = `${job.into}_hashed`;
  const none = `CREATE OR REPLACE TABLE ${hashed}(id VARCHAR, seq INTEGER, h UBIGINT)`;
  await duck.run(none);
  await duck.run("CREATE OR REPLACE TABLE as_expected(id VARCHAR, seq INTEGER)");
  let waiting: PageFile[] = [];
  let noted = 0;

  async function takeOthers(): Promise<void> {
    const { came, all } = await duck.one<{ came: number; all: number }>(
      `SELECT count(*) AS came, (SELECT count(*) FROM as_expected) AS "all" FROM ${hashed}`,
    );
    const others = came - (all - noted);
    noted = all;
    // To look for rows that are not there costs as much as to compare them.
    if (others === 0) return;
    const known = `(SELECT id, seq FROM as_expected WHERE seq BETWEEN ${waiting[0]!.seq} AND ${waiting.at(-1)!.seq})`;
    const places = await duck.all<{ seq: number }>(
      `SELECT DISTINCT seq FROM ${hashed} ANTI JOIN ${known} USING (id, seq)`,
    );
    const holding = new Set(places.map(({ seq }) => seq));
    const pages = waiting.filter(({ seq }) => holding.has(seq));
    for (let at = 0; at < pages.length; at += pagesAtOnce)
      await duck.run(
        `INSERT INTO ${job.into} SELECT * FROM (${rowsOf(job, pages.slice(at, at + pagesAtOnce))}) ANTI JOIN ${known} USING (id, seq)`,
      );
  }

  return async (pages) => {
    if (pages) {
      waiting.push(...pages);
      await duck.run(
        `INSERT INTO ${hashed} SELECT id, seq, ${hashOf(job.columns, "p")} FROM (${rowsOf(job, pages)}) p`,
      );
      if (waiting.reduce((sum, { rows }) => sum + rows, 0) < portion) return;
    }
    if (waiting.length === 0) return;
    await duck.run(
      `INSERT INTO as_expected SELECT p.id, p.seq FROM ${hashed} p SEMI JOIN ${expected} e ON e.id = p.id AND e.h = p.h`,
    );
    await takeOthers();
    await duck.run(none);
    await Promise.all(waiting.map(({ path }) => rm(path)));
    waiting = [];
  };
}

/** Of a record's form that was expected and another the newest counts: what `keepNewest` is for one table. */
export const newerOfBoth = (table: string): string[] => [
  `DELETE FROM ${table} USING as_expected e WHERE e.id = ${table}.id AND (${table}.gone OR e.seq > ${table}.seq)`,
  `DELETE FROM as_expected WHERE id IN (SELECT id FROM ${table})`,
];
