import { SluiceError } from "../../core/errors.ts";
import { type Duck, firstLine, ident, literal } from "./duck.ts";
import { allowedPaths, noHive, patternOf, type RawColumn, type Relation } from "./relation.ts";
import type { Table } from "./tables.ts";

type Described = { column_name: string; column_type: string };

/**
 * A Parquet or JSON table; types are the file's own, nested columns are JSON text. In JSON only numbers, booleans and
 * text are the file's: dates and ids that DuckDB sees in text stay the text they are. Numbers with fractions are read as
 * text, for as a DOUBLE 5 would become 5.0 as soon as another row has 5.5.
 * @throws SluiceError file_unreadable
 */
export async function structuredRelation(table: Table, duck: Duck): Promise<Relation> {
  const list = `[${table.files.map((f) => literal(patternOf(f))).join(", ")}]`;
  const parquet = table.format === "parquet";
  const read = parquet ? `read_parquet(${list}, ${noHive})` : `read_json(${list}, ${noHive}, sample_size=-1)`;
  const found = await attempt(table, () => duck.rows<Described>(`DESCRIBE SELECT * FROM ${read}`));
  const repeated = found.find(
    (c, i) => found.findIndex((o) => o.column_name.toLowerCase() === c.column_name.toLowerCase()) < i,
  );
  if (repeated) {
    throw new SluiceError(
      "file_unreadable",
      `${table.files[0]} has two columns \`${repeated.column_name}\` (case does not count).`,
      {
        remedy: "Rename one of them in the file.",
      },
    );
  }
  const relation: Omit<Relation, "from" | "columns"> = { paths: table.files.flatMap(allowedPaths), copies: new Map() };
  if (parquet) {
    const picked = found.map((c) =>
      pick(c, nested(c.column_type) ? `to_json(${ident(c.column_name)})::VARCHAR` : null),
    );
    return { ...relation, from: `(SELECT ${picked.join(", ")} FROM ${read})`, columns: found.map(columnOf) };
  }
  if (found.length === 1 && found[0]?.column_name === "json") await refuseBareValues(table, duck, read);
  const types = found.map((c) => `${ident(c.column_name)}: ${literal(jsonType(c.column_type))}`).join(", ");
  const typed = `read_json(${list}, ${noHive}, columns={${types}})`;
  const picked = found.map((c) => pick(c, jsonType(c.column_type) === "JSON" ? unquoted(ident(c.column_name)) : null));
  const columns = found.map((c): RawColumn => {
    const type = jsonType(c.column_type);
    if (c.column_type === "DOUBLE") return { name: c.column_name, type, detect: "none", means: "DOUBLE" };
    return type === "VARCHAR" ? { name: c.column_name, type, detect: "dates" } : columnOf({ ...c, column_type: type });
  });
  return { ...relation, from: `(SELECT ${picked.join(", ")} FROM ${typed})`, columns };
}

/** A JSON value as text: nested ones as JSON, text without its quotes, null as NULL. */
function unquoted(value: string): string {
  return `CASE json_type(${value}) WHEN 'NULL' THEN NULL WHEN 'VARCHAR' THEN ${value} ->> '$' ELSE ${value}::VARCHAR END`;
}

function pick(column: Described, sql: string | null): string {
  const name = ident(column.column_name);
  return sql === null ? name : `${sql} AS ${name}`;
}

function columnOf(column: Described): RawColumn {
  const type = nested(column.column_type) || column.column_type === "JSON" ? "VARCHAR" : column.column_type;
  return { name: column.column_name, type, detect: "none" };
}

function nested(type: string): boolean {
  return /^(STRUCT|MAP|UNION|VARIANT)\b|\]$/.test(type);
}

function jsonType(type: string): string {
  if (nested(type) || type === "JSON") return "JSON";
  return /^(U?BIGINT|U?HUGEINT|BOOLEAN)$/.test(type) ? type : "VARCHAR";
}

/** DuckDB reads `[1, 2]` as a table with a column "json"; rows are objects here. */
async function refuseBareValues(table: Table, duck: Duck, read: string): Promise<void> {
  const [first] = await attempt(table, () => duck.rows<{ json: unknown }>(`SELECT json FROM ${read} LIMIT 1`));
  const what = first === undefined ? "it holds no rows, so its columns cannot be told" : "its rows are not objects";
  throw new SluiceError("file_unreadable", `${table.files[0]} cannot be read as a table: ${what}.`, {
    remedy: "Write one JSON object per row, in a list or one per line.",
  });
}

async function attempt<T>(table: Table, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new SluiceError("file_unreadable", `Table \`${table.name}\` cannot be read: ${firstLine(cause)}`, {
      remedy: `Is it really ${table.format === "parquet" ? "Parquet" : "JSON"}? Otherwise declare \`format\` in the connection.`,
      cause,
    });
  }
}
