import type { ReadRequest } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import { wire } from "./wire.ts";

/** Conditions of one query; the server has a limit of its own that no page names, and long lists are slow to plan. */
const MOST_CONDITIONS = 200;

/**
 * Queries for all records that hold any of the combinations of values: `eq` compares as the server's own keys do, so case
 * and accents are its business (dataverse.md section 6). As few as the address's length (`room`) allows.
 */
export function matchQueries(
  room: number,
  select: string,
  object: ObjectSchema,
  { columns, values }: NonNullable<ReadRequest["match"]>,
): string[] {
  const targets = columns.map((name) => columnOf(object, name));
  const most = Math.max(1, Math.floor(MOST_CONDITIONS / columns.length));
  const queries: string[] = [];
  let [terms, length] = [[] as string[], 0];
  const flush = () => {
    if (terms.length > 0) queries.push(`${select}&$filter=${terms.join("%20or%20")}`);
    [terms, length] = [[], 0];
  };
  for (const row of values) {
    const each = targets.map((c, i) => `${wire.property(object, c.name)}%20eq%20${literal(c, row[i]!)}`);
    const term = each.length === 1 ? each[0]! : `(${each.join("%20and%20")})`;
    if (terms.length >= most || length + term.length > room - select.length) flush();
    terms.push(term);
    length += term.length + "%20or%20".length;
  }
  flush();
  return queries;
}

/** Canonical text as a literal of an OData address. A lookup's may say its table (`account:<id>`). */
function literal(column: Column, value: string): string {
  if (column.type === "text") return encodeURIComponent(`'${value.replaceAll("'", "''")}'`).replaceAll("'", "%27");
  if (column.type === "lookup") return value.slice(value.indexOf(":") + 1);
  return encodeURIComponent(value);
}

function columnOf(object: ObjectSchema, name: string): Column {
  const column = object.columns.find((c) => c.name === name);
  if (!column) throw new SluiceError("unknown_target", `Table ${object.name} has no column ${name}.`);
  return column;
}
