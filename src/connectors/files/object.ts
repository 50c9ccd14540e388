import type { Column, ColumnType, ObjectSchema } from "../../core/schema.ts";
import type { Loaded } from "./typing.ts";

/** A file as the contract describes objects. Nothing in it can be written, nothing is a key. */
export function objectOf(loaded: Loaded): ObjectSchema {
  const { name } = loaded.table;
  const columns = loaded.columns.map((c): Column => {
    const type = columnType(c.declared?.type ?? c.type);
    return { name: c.name, title: c.name, type, required: false, create: false, update: false };
  });
  return {
    name,
    title: name,
    set: name,
    id: "",
    label: columns[0]?.name ?? "",
    columns,
    keys: [],
    can: { bulk: false, deltas: false },
  };
}

function columnType(duckType: string): ColumnType {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(duckType)) return "integer";
  if (duckType.startsWith("DECIMAL")) return "decimal";
  if (duckType.startsWith("TIMESTAMP")) return "datetime";
  const plain: Record<string, ColumnType> = {
    VARCHAR: "text",
    BOOLEAN: "boolean",
    DATE: "date",
    DOUBLE: "double",
    FLOAT: "double",
    UUID: "guid",
  };
  return plain[duckType] ?? "other";
}
