/** DuckDB types that a mapping line can read. */
const numeric = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

export type SourceKind = "text" | "number" | "boolean" | "moment" | "list" | "unreadable";

/** What kind of values a DuckDB type holds, as far as conversions care. */
export function kindOf(type: string): SourceKind {
  if (/^(VARCHAR|JSON|UUID|ENUM\(.*\))$/.test(type)) return "text";
  if (numeric.test(type)) return "number";
  if (type === "BOOLEAN") return "boolean";
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) return "moment";
  const item = type.endsWith("[]") ? kindOf(type.slice(0, -2)) : "unreadable";
  return item === "unreadable" || item === "list" ? "unreadable" : "list";
}

/** SQL: what stands between the values of a list that has become one text; no text holds it. */
export const listDelimiter = "chr(31)";

/**
 * SQL: a source value as the text a person would write: numbers plain, days and instants in ISO 8601. A time that names
 * no zone is one of UTC, but `bare` where somebody else decides that.
 */
export function sourceText(column: string, type: string, bare = false): string {
  if (type === "DOUBLE" || type === "FLOAT") return `regexp_replace(CAST(${column} AS VARCHAR), '\\.0$', '')`;
  if (type.startsWith("TIMESTAMP")) {
    const zone = bare && type !== "TIMESTAMP WITH TIME ZONE" ? "" : "Z";
    return `strftime(${sourceMoment(column, type)}, '%Y-%m-%dT%H:%M:%S${zone}')`;
  }
  if (kindOf(type) === "list") return `array_to_string(CAST(${column} AS VARCHAR[]), ${listDelimiter})`;
  return type === "VARCHAR" ? column : `CAST(${column} AS VARCHAR)`;
}

/** SQL: a DATE or TIMESTAMP value as a TIMESTAMP in UTC, whatever the session's time zone. */
export function sourceMoment(column: string, type: string): string {
  return type === "TIMESTAMP WITH TIME ZONE" ? `(${column} AT TIME ZONE 'UTC')` : `CAST(${column} AS TIMESTAMP)`;
}
