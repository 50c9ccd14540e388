import type { Wire, WireColumn } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";

/**
 * Canonical text on Dataverse's wire (dataverse.md sections 4, 5 and 7). Values are canonical already, so only text
 * needs escaping; what is NULL is sent as null, which clears the column. DuckDB's `||` with NULL is NULL, and that is
 * used on purpose: one evaluation of `value` per fragment.
 */
export const wire: Wire = {
  property(object, column) {
    return columnOf(object, column).type === "lookup" ? `_${column}_value` : column;
  },

  identity(object, op) {
    const type = `"@odata.type":"Microsoft.Dynamics.CRM.${object.name}"`;
    const withId = `${sql(`${type},"${object.id}":"`)} || "id" || '"'`;
    return op === "create" ? `coalesce(${withId}, ${sql(type)})` : withId;
  },

  fragment(object, { name, target }, value) {
    const column = columnOf(object, name);
    const { property, json } = spelling(object, column, target);
    return `(${sql(`${JSON.stringify(property)}:`)} || coalesce(${json(value)}, 'null'))`;
  },
};

type Spelling = { property: string; json(value: string): string };

function spelling(object: ObjectSchema, column: Column, target: string | undefined): Spelling {
  const property = column.name;
  switch (column.type) {
    case "text":
      // to_json(NULL) is the JSON text null, never SQL's NULL: either way the fragment says null.
      return { property, json: (value) => `CAST(to_json(${value}) AS VARCHAR)` };
    case "date":
    case "datetime":
    case "choices":
    case "guid":
      return { property, json: (value) => `('"' || ${value} || '"')` };
    case "lookup": {
      const { navigation, set } = targetOf(object, column, target);
      return { property: `${navigation}@odata.bind`, json: (value) => `(${sql(`"/${set}(`)} || ${value} || ')"')` };
    }
    case "other":
      throw new SluiceError("mapping_unfit", `${object.name}.${column.name} is of a kind that cannot be written.`);
    default:
      return { property, json: (value) => value };
  }
}

function targetOf(object: ObjectSchema, column: Column, target: WireColumn["target"]) {
  const targets = column.targets ?? [];
  const found = target === undefined && targets.length === 1 ? targets[0] : targets.find((t) => t.object === target);
  if (found) return found;
  const names = targets.map((t) => t.object).join(", ") || "nothing that can be written";
  throw new SluiceError(
    "mapping_unfit",
    `${object.name}.${column.name} points at ${names}${target === undefined ? "" : `, not at ${target}`}.`,
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
