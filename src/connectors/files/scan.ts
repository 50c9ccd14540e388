import type { Scan } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { bareNumberSql } from "../../core/numbers.ts";
import { csvError } from "./csv.ts";
import { detect } from "./detect.ts";
import { type Duck, ident } from "./duck.ts";
import type { RawColumn } from "./relation.ts";
import { doesNotRun, readStatement } from "./statement.ts";
import { type Loaded, misfitMark, strictSelect, type TypedColumn } from "./typing.ts";

/**
 * A SELECT as a model. Tables are views with declared and detected types; a value that does not fit a declared type is
 * an error if the statement uses its column.
 * @throws SluiceError sql_invalid, unknown_name, file_unreadable, and what loading its tables throws
 */
export async function scanStatement(
  duck: Duck,
  sql: string,
  names: readonly string[],
  load: (name: string) => Promise<Loaded>,
): Promise<Scan> {
  const statement = await readStatement(duck, sql, names);
  const tables: Loaded[] = [];
  for (const name of statement.tables) tables.push(await load(name));
  const views = tables.map((t) => ({ name: t.table.name, sql: strictSelect(t.table, t.relation, t.columns) }));
  const plain = `SELECT * FROM (\n${statement.sql}\n) AS ${ident("model")}`;
  const scaled = await scaledColumns(duck, tables, views, plain);
  const columns = await describe(duck, views, plain);
  const bare = columns.filter((c) => scaled(c)).map(({ name, type }) => ({ name: ident(name), of: name, type }));
  const texts = bare.map(({ name }) => `${bareNumberSql(`CAST(${name} AS VARCHAR)`)} AS ${name}`);
  const select = texts.length === 0 ? plain : `SELECT * REPLACE (${texts.join(", ")}) FROM (${plain})`;
  const typed = Object.fromEntries(bare.map(({ name, of, type }) => [of, `CAST(${name} AS ${type})`]));
  const copies = new Map(tables.flatMap((t) => [...t.relation.copies]));
  try {
    if (tables.some((t) => t.columns.some((c) => c.declared?.misfit))) await tryOut(duck, select);
    const found = await datesOf(duck, select, columns);
    return { views, select, columns, paths: [...new Set(tables.flatMap((t) => t.relation.paths))], ...found, typed };
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    throw csvError(thrown, { copies }) ?? doesNotRun(thrown);
  }
}

/**
 * Which columns of the result have a type that follows from what other rows hold: their numbers would be spelled with the digits of
 * the longest. They are those that have another type where the tables' numbers have fewer digits or more (`round` heeds but some of
 * them); all, where the statement then does not run.
 */
async function scaledColumns(duck: Duck, tables: readonly Loaded[], views: Scan["views"], select: string) {
  const numbers = tables.map(({ table, columns }) => columns.filter((c) => table.format !== "parquet" && isOpen(c)));
  if (numbers.every((n) => n.length === 0)) return () => false;
  const typedAs = async (other: (column: TypedColumn) => string) => {
    const others = views.map(({ name, sql }, i) => {
      const replaced = (numbers[i] as TypedColumn[]).map((c) => `CAST(NULL AS ${other(c)}) AS ${ident(c.name)}`);
      return { name, sql: replaced.length === 0 ? sql : `SELECT * REPLACE (${replaced.join(", ")}) FROM (${sql})` };
    });
    return describe(duck, others, select).catch(() => []);
  };
  const found = [await typedAs(() => "BIGINT"), await typedAs(withMoreDigits)];
  return ({ name, type }: Scan["columns"][number]) =>
    /^(DECIMAL|DOUBLE)/.test(type) && !found.every((as) => as.some((c) => c.name === name && c.type === type));
}

/** Whether a number's type is only what the rows make of it. */
function isOpen({ type, declared }: TypedColumn): boolean {
  return declared ? declared.type.startsWith("DECIMAL") : /^(BIGINT|DECIMAL|DOUBLE)/.test(type);
}

function withMoreDigits({ type, declared }: TypedColumn): string {
  const [, width, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(declared?.type ?? type) ?? [];
  return width === undefined ? "DECIMAL(19,1)" : `DECIMAL(${width},${Number(scale) + 1})`;
}

async function describe(duck: Duck, views: Scan["views"], select: string): Promise<Scan["columns"]> {
  for (const view of views) await duck.rows(`CREATE OR REPLACE TEMP VIEW ${ident(view.name)} AS ${view.sql}`);
  let found: { column_name: string; column_type: string }[];
  try {
    found = await duck.rows(`DESCRIBE ${select}`);
  } catch (thrown) {
    throw doesNotRun(thrown);
  }
  const twice = found.find(
    (c, i) => found.findIndex((o) => o.column_name.toLowerCase() === c.column_name.toLowerCase()) < i,
  );
  if (twice) throw doesNotRun(`two columns are called ${twice.column_name}; rename one with AS.`);
  return found.map((c) => ({ name: c.column_name, type: c.column_type }));
}

/** Runs the whole statement where a misfit is known, to see whether it uses that column. */
async function tryOut(duck: Duck, select: string): Promise<void> {
  try {
    await duck.rows(`SELECT bit_xor(hash(m)) FROM (${select}) m`);
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : "";
    const said = text.indexOf(misfitMark);
    if (said < 0) throw thrown;
    const what = (text.slice(said + misfitMark.length).split("\n")[0] ?? "").trim();
    throw new SluiceError(
      "file_unreadable",
      `A value does not fit the type that the connection declares for it: ${what}.`,
      {
        remedy: "Mend the file, or declare the column as `text` and convert it in the SQL.",
        cause: thrown,
      },
    );
  }
}

/** Which text columns of the result are dates: looked for in the result itself, for a statement may change a column. */
async function datesOf(
  duck: Duck,
  select: string,
  columns: Scan["columns"],
): Promise<Pick<Scan, "dates" | "ambiguous">> {
  const text = columns.filter((c) => c.type === "VARCHAR").map((c): RawColumn => ({ ...c, detect: "dates" }));
  const { found } = await detect(duck, { from: `(${select})` }, text);
  const dates: Record<string, string[]> = {};
  const ambiguous: NonNullable<Scan["ambiguous"]> = {};
  for (const [name, f] of found) {
    if (f.kind !== "dates") continue;
    if ("formats" in f.detected) dates[name] = f.detected.formats;
    else ambiguous[name] = f.detected.ambiguous;
  }
  return { dates, ambiguous };
}
