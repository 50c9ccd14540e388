import { trimSql } from "../../core/blanks.ts";
import { type Ambiguity, ambiguousDate } from "../../core/date-detection.ts";
import { readIsoSql } from "../../core/dates.ts";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { bareNumberSql } from "../../core/numbers.ts";
import { type Declared, declaredSql, declaredType, misfitSql, scaleSql, strptimeFormats } from "./declared.ts";
import { detect, type Found } from "./detect.ts";
import { type Duck, ident, literal } from "./duck.ts";
import type { RawColumn, Relation } from "./relation.ts";
import type { Table } from "./tables.ts";

/** A column of a table: `plain` is SQL for its value in the type found for it, `read` the type of what mappings read. */
export type TypedColumn = {
  name: string;
  read: string;
  type: string;
  plain: string;
  /** Where a type is declared: SQL over the text, the type it yields, and a text that does not fit, if any. */
  declared?: { sql: string; type: string; misfit: string | null };
  dates?: string[];
  ambiguous?: Ambiguity;
};

/** A table, looked at once: how DuckDB reads it and what its columns are. */
export type Loaded = { table: Table; relation: Relation; columns: TypedColumn[] };

/**
 * The types of all columns of a table: the declared ones, the detected ones, text otherwise.
 * @throws SluiceError unknown_column (a declared column that the file lacks), ambiguous_date (a column declared as a
 * date without a format that can be told), and whatever `detect` meets in the file.
 */
export async function typeColumns(duck: Duck, table: Table, relation: Relation): Promise<TypedColumn[]> {
  const declared = declaredColumns(table, relation);
  const open = new Set(declared.filter((d) => d.formats.length === 0 && isMoment(d)).map((d) => d.name));
  const names = new Set(
    [...Object.keys(table.settings.columns), ...declared.map((d) => d.name)].map((n) => n.toLowerCase()),
  );
  const columns = relation.columns.map((c): RawColumn => {
    if (c.detect === "none") return c;
    return open.has(c.name)
      ? { ...c, detect: "dates" }
      : names.has(c.name.toLowerCase())
        ? { ...c, detect: "none" }
        : c;
  });
  const extra = declared.flatMap((d, i) => [
    `min(${ident(d.name)}) FILTER (${misfitSql(d)}) AS misfit${i}`,
    ...(d.type === "decimal" ? [`${scaleSql(d)} AS scale${i}`] : []),
  ]);
  const pass = await detect(duck, relation, columns, extra);
  return relation.columns.map((raw) => {
    const found = pass.found.get(raw.name) ?? { kind: "text" };
    const i = declared.findIndex((d) => d.name === raw.name);
    const column = declared[i];
    if (!column) return detectedColumn(raw, found);
    const withFormats =
      found.kind === "dates" && open.has(raw.name) ? detectedFormats(table, column, found.detected) : column;
    const scale = Number(pass.extra[`scale${i}`] ?? 0);
    const misfit = withFormats === column ? ((pass.extra[`misfit${i}`] as string | null) ?? null) : null;
    return {
      name: raw.name,
      read: "VARCHAR",
      type: "VARCHAR",
      plain: ident(raw.name),
      declared: { sql: declaredSql(withFormats, scale), type: declaredType(withFormats, scale), misfit },
      ...(withFormats.formats.length > 0 && { dates: withFormats.formats }),
    };
  });
}

function detectedColumn(raw: RawColumn, found: Found): TypedColumn {
  const { name } = raw;
  const read = raw.means ?? raw.type;
  const text = ident(name);
  const value = `nullif(${trimSql(text)}, '')`;
  const cast = (type: string): TypedColumn => ({ name, read, type, plain: `CAST(${value} AS ${type})` });
  switch (found.kind) {
    case "integer":
      return cast("BIGINT");
    case "decimal":
      return cast(`DECIMAL(${found.digits + found.scale > 18 ? 38 : 18},${found.scale})`);
    case "boolean":
      return cast("BOOLEAN");
    case "date":
      return cast("DATE");
    case "timestamp":
      return { name, read, type: "TIMESTAMP", plain: `(${readIsoSql(trimSql(text))})` };
    case "dates":
      return "formats" in found.detected
        ? { name, read, type: read, plain: text, dates: found.detected.formats }
        : { name, read, type: read, plain: text, ambiguous: found.detected.ambiguous };
    case "text":
      return raw.means === undefined ? { name, read, type: read, plain: text } : cast(raw.means);
  }
}

function detectedFormats(
  table: Table,
  column: Declared,
  detected: { formats: string[] } | { ambiguous: Ambiguity },
): Declared {
  if ("formats" in detected) return { ...column, formats: detected.formats };
  const line = (formats: string) =>
    `tables: { ${table.name}: { columns: { ${column.name}: { type: ${column.type}, formats: [${formats}] } } } }`;
  throw ambiguousDate(column.name, detected.ambiguous, line);
}

function declaredColumns(table: Table, relation: Relation): Declared[] {
  return Object.entries(table.settings.columns).flatMap(([name, { type, formats }]) => {
    const raw =
      relation.columns.find((c) => c.name === name) ??
      relation.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
    if (!raw) {
      const near =
        didYouMean(
          name,
          relation.columns.map((c) => c.name),
        ) || ".";
      throw new SluiceError(
        "unknown_column",
        `The connection declares a column \`${name}\` that table \`${table.name}\` does not have${near}`,
        {
          remedy: `Correct the name under \`tables: { ${table.name}: { columns } }\`. The file has: ${relation.columns
            .map((c) => c.name)
            .slice(0, 30)
            .join(", ")}.`,
        },
      );
    }
    if (type === "text" || raw.detect === "none") return [];
    return [{ name: raw.name, type, formats: strptimeFormats(formats ?? []) }];
  });
}

function isMoment(column: Declared): boolean {
  return column.type === "date" || column.type === "timestamp";
}

/** SQL over what is read of a column: its value in its type, NULL where that is declared and does not fit; undefined where it has it. */
export function typedSql(column: TypedColumn): string | undefined {
  return column.declared?.sql ?? (column.plain === ident(column.name) ? undefined : column.plain);
}

/**
 * SQL over what is read of a column: its text as a statement would spell it that selects it; undefined where that is what the
 * file has. Found types of which it is: whole numbers and days.
 */
export function respelledSql(column: TypedColumn): string | undefined {
  const typed = typedSql(column);
  if (typed === undefined || (!column.declared && /^(BIGINT|DATE)$/.test(column.type))) return undefined;
  return bareNumberSql(`CAST(${typed} AS VARCHAR)`);
}

/** SQL: all columns typed, for a statement to read from; using a column with a misfit is an error that says which. */
export function strictSelect(table: Table, relation: Relation, columns: readonly TypedColumn[]): string {
  const picked = columns.map((c) => {
    const sql = c.declared === undefined ? c.plain : guarded(table, c);
    return `${sql} AS ${ident(c.name)}`;
  });
  return `SELECT ${picked.join(", ")} FROM ${relation.from}`;
}

/** What `error()` says in a strict select: the connector finds it again by its beginning. */
export const misfitMark = "Sluice: ";

function guarded(table: Table, column: TypedColumn): string {
  const { sql, type } = column.declared as NonNullable<TypedColumn["declared"]>;
  const text = ident(column.name);
  const say = literal(`${misfitMark}table ${table.name}, column ${column.name}: not a ${type}: `);
  return `CASE WHEN (${sql}) IS NULL AND ${trimSql(text)} <> '' THEN error(${say} || ${text}) ELSE ${sql} END`;
}
