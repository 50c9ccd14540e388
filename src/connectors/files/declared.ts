import { isBlankSql, trimSql } from "../../core/blanks.ts";
import { readDateSql, readFormat, readIsoSql } from "../../core/dates.ts";
import type { DeclaredType } from "./config.ts";
import { ident } from "./duck.ts";

/** A column whose type the connection declares; `formats` are strptime formats, none means ISO 8601. */
export type Declared = { name: string; type: Exclude<DeclaredType, "text">; formats: string[] };

/** Declared formats in DuckDB's words; the configuration was checked before. */
export function strptimeFormats(formats: readonly string[]): string[] {
  return formats.map((text) => {
    const read = readFormat(text);
    if ("problem" in read) throw new Error(read.problem);
    return read.strptime;
  });
}

/** SQL: the typed value of a declared column, NULL where the text does not fit. `scale`: digits after the point. */
export function declaredSql(column: Declared, scale: number): string {
  const text = trimSql(ident(column.name));
  const moment = column.formats.length > 0 ? readDateSql(text, column.formats) : readIsoSql(text);
  switch (column.type) {
    case "integer":
      return `CASE WHEN regexp_full_match(${text}, '[+-]?[0-9]{1,18}') THEN TRY_CAST(${text} AS BIGINT) END`;
    case "decimal":
      return `CASE WHEN ${decimalText(text)} THEN TRY_CAST(${text} AS DECIMAL(38, ${scale})) END`;
    case "boolean":
      return `CASE WHEN lower(${text}) IN ('true', 'yes', 'y', 't', '1') THEN true WHEN lower(${text}) IN ('false', 'no', 'n', 'f', '0') THEN false END`;
    case "date":
      return `CAST(${moment} AS DATE)`;
    case "timestamp":
      return `(${moment})`;
  }
}

/** The type of what `declaredSql` yields. */
export function declaredType(column: Declared, scale: number): string {
  const types = {
    integer: "BIGINT",
    decimal: `DECIMAL(38,${scale})`,
    boolean: "BOOLEAN",
    date: "DATE",
    timestamp: "TIMESTAMP",
  };
  return types[column.type];
}

/** SQL: whether a declared column holds something that its type does not fit. */
export function misfitSql(column: Declared): string {
  return `(NOT ${isBlankSql(ident(column.name))} AND (${declaredSql(column, 0)}) IS NULL)`;
}

/** SQL aggregate: digits after the point that a declared decimal needs. */
export function scaleSql(column: Declared): string {
  const text = trimSql(ident(column.name));
  return `max(CASE WHEN ${decimalText(text)} THEN length(regexp_extract(${text}, '\\.([0-9]*)', 1)) END)::INT`;
}

function decimalText(text: string): string {
  return `regexp_full_match(${text}, '[+-]?(?:[0-9]{1,25}(?:\\.[0-9]{0,12})?|\\.[0-9]{1,12})')`;
}
