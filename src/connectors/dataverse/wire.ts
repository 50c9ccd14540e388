import type { Wire } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Column, LookupTarget, ObjectSchema } from "../../core/schema.ts";
import { partiesOf } from "./parties.ts";

/** Sent beside a lookup's value where it is asked for (dataverse.md section 1). */
export const tableAnnotation = "Microsoft.Dynamics.CRM.lookuplogicalname";
/** The value as people see it, in the language and time zone of our user (dataverse.md section 6). */
export const shownAnnotation = "OData.Community.Display.V1.FormattedValue";

/**
 * Canonical text on Dataverse's wire (dataverse.md sections 4, 5 and 7). Values are canonical already, so only text
 * needs escaping; what is NULL is sent as null, which clears the column. DuckDB's `||` with NULL is NULL, and that is
 * used on purpose: one evaluation of `value` per fragment.
 */
export const wire: Wire = {
  property(object, column) {
    return columnOf(object, column).type === "lookup" ? `_${column}_value` : column;
  },

  etag: "@odata.etag",

  tableProperty(object, column) {
    return `${wire.property(object, column)}@${tableAnnotation}`;
  },

  identity(object, op) {
    const type = `"@odata.type":"Microsoft.Dynamics.CRM.${object.name}"`;
    const withId = `${sql(`${type},"${object.id}":"`)} || "id" || '"'`;
    return op === "create" ? `coalesce(${withId}, ${sql(type)})` : withId;
  },

  fragment(object, { name, targets }, value) {
    const column = columnOf(object, name);
    if (column.type === "lookup") return binding(object, column, targets, value);
    return [sql(`${JSON.stringify(name)}:`), json(object, column, value)];
  },

  parties: partiesOf,
};

/**
 * The JSON of a row with an id (see `wire.identity`) taken apart: a request for one record has the id in its address, and
 * its columns alone in its body. The bytes are not parsed: a decimal can have more digits than a double holds.
 */
export function identified(object: ObjectSchema, element: Uint8Array): { id: string; columns: Buffer } {
  const bytes = Buffer.from(element.buffer, element.byteOffset, element.byteLength);
  const opening = `{"@odata.type":"Microsoft.Dynamics.CRM.${object.name}","${object.id}":"`;
  const end = bytes.indexOf('"', opening.length);
  if (end < 0 || !bytes.subarray(0, opening.length).equals(Buffer.from(opening)))
    throw new SluiceError("bug", `a row of ${object.name} does not begin with its type and id`);
  const rest = bytes.subarray(end + 1);
  const columns = rest[0] === 0x2c ? rest.subarray(1) : rest; // without the comma
  return { id: bytes.subarray(opening.length, end).toString(), columns: Buffer.concat([Buffer.from("{"), columns]) };
}

/** SQL of the JSON of a value. */
function json(object: ObjectSchema, column: Column, value: string): string {
  switch (column.type) {
    case "text":
      return `coalesce(CAST(to_json(${value}) AS VARCHAR), 'null')`;
    case "date":
    case "datetime":
    case "choices":
    case "guid":
      return `coalesce('"' || ${value} || '"', 'null')`;
    case "parties":
    case "other":
      throw new SluiceError("mapping_unfit", `${object.name}.${column.name} is of a kind that cannot be written.`);
    default:
      return `coalesce(${value}, 'null')`;
  }
}

/**
 * A lookup is set by the navigation property of the table it points at, and any of them clears it: the column has one
 * value (dataverse.md section 4).
 */
function binding(object: ObjectSchema, column: Column, names: readonly string[] | undefined, value: string): string[] {
  const targets = targetsOf(object, column, names);
  const bind = ({ navigation, set }: LookupTarget, id: string) => [
    sql(`${JSON.stringify(`${navigation}@odata.bind`)}:`),
    `coalesce(${sql(`"/${set}(`)} || ${id} || ')"', 'null')`,
  ];
  const [first] = targets;
  if (targets.length === 1)
    return bind(first!, (column.targets ?? []).length > 1 ? `split_part(${value}, ':', -1)` : value);
  const arms = targets.map((target) => {
    const tag = `${target.object}:`;
    return `WHEN starts_with(${value}, ${sql(tag)}) THEN ${bind(target, `substr(${value}, ${tag.length + 1})`).join(" || ")}`;
  });
  return [`CASE ${arms.join(" ")} ELSE ${bind(first!, "NULL").join(" || ")} END`];
}

function targetsOf(object: ObjectSchema, column: Column, names: readonly string[] | undefined): LookupTarget[] {
  const targets = column.targets ?? [];
  const wanted = names ?? targets.slice(0, 1).map((t) => t.object);
  const found = wanted.flatMap((name) => targets.find((t) => t.object === name) ?? []);
  if (found.length === wanted.length && (names !== undefined || targets.length === 1)) return found;
  const known = targets.map((t) => t.object).join(", ") || "nothing that can be written";
  throw new SluiceError(
    "mapping_unfit",
    `${object.name}.${column.name} points at ${known}${names === undefined ? "" : `, not at ${names.join(", ")}`}.`,
    { remedy: `Say which, as lookup: { object: ${targets[0]?.object ?? "TABLE"}, by: COLUMN }.` },
  );
}

function columnOf(object: ObjectSchema, name: string): Column {
  const column = object.columns.find((c) => c.name === name);
  if (!column) throw new SluiceError("unknown_target", `Table ${object.name} has no column ${name}.`);
  return column;
}

/** A string as an SQL literal. */
function sql(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
