import { addColumn } from "../build.ts";
import { errors } from "../errors.ts";
import type { Column, Kind, Level, Option, Table } from "../model.ts";
import type { ApiRequest } from "../request.ts";
import type { ColumnLine } from "../table-file.ts";
import { labelText } from "./label.ts";

type Body = Record<string, unknown>;

/** Derived types that can be created, and what they become (dataverse.md section 3). */
const KINDS: Record<string, Kind> = {
  StringAttributeMetadata: "text",
  MemoAttributeMetadata: "memo",
  IntegerAttributeMetadata: "int",
  BigIntAttributeMetadata: "bigint",
  DecimalAttributeMetadata: "decimal",
  DoubleAttributeMetadata: "double",
  MoneyAttributeMetadata: "money",
  BooleanAttributeMetadata: "bool",
  DateTimeAttributeMetadata: "datetime",
  PicklistAttributeMetadata: "choice",
  MultiSelectPicklistAttributeMetadata: "choices",
};

/** Bounds of the types: nothing outside them can be declared. */
const LONGEST_TEXT = 4000;
const LONGEST_MEMO = 1_048_576;
/** Publisher prefix, underscore, name: what a custom column must be called. */
const CUSTOM_NAME = /^[A-Za-z][A-Za-z0-9]{1,7}_[A-Za-z0-9_]+$/;
const LEVELS = ["None", "SystemRequired", "ApplicationRequired", "Recommended"];

/** `POST EntityDefinitions(...)/Attributes`. Throws when the name is taken or the definition does not hold. */
export function createColumn(request: ApiRequest, table: Table, body: Body): Column {
  const line = columnLine(body);
  if (table.columns.has(line.name)) throw errors.duplicateColumn(line.name, table.name);
  request.environment.metadataVersion++;
  return addColumn(table, line, true);
}

/** A body as a column. `name` overrides the rule for custom names (primary columns of new tables follow it too). */
export function columnLine(body: Body): ColumnLine {
  const type = String(body["@odata.type"] ?? "").replace(/^#?Microsoft\.Dynamics\.CRM\./, "");
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (!kind) {
    if (/AttributeMetadata$/.test(type)) throw errors.notBuilt(`Creating a column of type ${type}`);
    throw errors.badSchema(
      `'@odata.type' must name the type of the column, such as Microsoft.Dynamics.CRM.StringAttributeMetadata; it is '${type}'.`,
    );
  }
  const schema = body.SchemaName;
  if (typeof schema !== "string" || !CUSTOM_NAME.test(schema)) {
    throw errors.badSchema(
      `The SchemaName '${String(schema)}' must begin with a customization prefix, as in 'new_Name'.`,
    );
  }
  const level = (body.RequiredLevel as { Value?: unknown } | undefined)?.Value ?? "None";
  if (!LEVELS.includes(String(level))) throw errors.badSchema(`'${String(level)}' is no RequiredLevel.`);
  return {
    name: schema.toLowerCase(),
    schema,
    label: labelText(body.DisplayName) ?? schema,
    kind,
    create: true,
    update: true,
    level: level as Level,
    logical: false,
    custom: true,
    secured: false,
    ...typeFacts(kind, body),
  };
}

function typeFacts(kind: Kind, body: Body): Partial<ColumnLine> {
  switch (kind) {
    case "text": {
      const format = (body.FormatName as { Value?: unknown } | undefined)?.Value ?? body.Format;
      const max = length(body, 100, LONGEST_TEXT);
      return { max, ...(typeof format === "string" && format !== "Text" ? { format } : {}) };
    }
    case "memo":
      return { max: length(body, 2000, LONGEST_MEMO) };
    case "int":
      return { range: range(body, -2147483648, 2147483647) };
    case "decimal":
      return { range: range(body, -100_000_000_000, 100_000_000_000), precision: digits(body, 2, 10) };
    case "double":
      return { range: range(body, -100_000_000_000, 100_000_000_000), precision: digits(body, 2, 5) };
    case "money":
      return {
        range: range(body, -922_337_203_685_477, 922_337_203_685_477),
        precision: digits(body, 2, 4),
        source: typeof body.PrecisionSource === "number" ? body.PrecisionSource : 2,
      };
    case "bool":
      return { initial: body.DefaultValue === true, options: boolOptions(body) };
    case "datetime":
      return dateFacts(body);
    case "choice":
    case "choices": {
      const initial = body.DefaultFormValue;
      return {
        options: listedOptions(body),
        ...(kind === "choice" && typeof initial === "number" && initial >= 0 ? { initial } : {}),
      };
    }
    default:
      return {};
  }
}

function dateFacts(body: Body): Partial<ColumnLine> {
  const behavior = (body.DateTimeBehavior as { Value?: unknown } | undefined)?.Value ?? "UserLocal";
  const kinds: Record<string, Kind> = { UserLocal: "datetime", DateOnly: "date", TimeZoneIndependent: "zoneless" };
  const kind = kinds[String(behavior)];
  if (!kind) throw errors.badSchema(`'${String(behavior)}' is no DateTimeBehavior.`);
  return { kind, ...(body.Format === "DateOnly" && kind !== "date" ? { format: "DateOnly" } : {}) };
}

function length(body: Body, fallback: number, longest: number): number {
  const max = body.MaxLength ?? fallback;
  if (typeof max === "number" && Number.isInteger(max) && max >= 1 && max <= longest) return max;
  throw errors.badSchema(`MaxLength must be between 1 and ${longest}.`);
}

function range(body: Body, lowest: number, highest: number): [number, number] {
  const min = body.MinValue ?? lowest;
  const max = body.MaxValue ?? highest;
  if (typeof min === "number" && typeof max === "number" && min >= lowest && max <= highest && min <= max)
    return [min, max];
  throw errors.badSchema(`MinValue and MaxValue must lie between ${lowest} and ${highest}, in this order.`);
}

function digits(body: Body, fallback: number, most: number): number {
  const precision = body.Precision ?? fallback;
  if (typeof precision === "number" && Number.isInteger(precision) && precision >= 0 && precision <= most)
    return precision;
  throw errors.badSchema(`Precision must be between 0 and ${most}.`);
}

/** Options without a value are numbered from the publisher's first one. */
const FIRST_CUSTOM_OPTION = 100_000_000;

function listedOptions(body: Body): Option[] {
  const listed = (body.OptionSet as { Options?: unknown } | undefined)?.Options;
  if (!Array.isArray(listed)) {
    if (body.GlobalOptionSet !== undefined || "GlobalOptionSet@odata.bind" in body) {
      throw errors.notBuilt("A column with a global option set");
    }
    throw errors.badSchema("OptionSet.Options is missing.");
  }
  const options = listed.map((each: { Value?: unknown; Label?: unknown } | null, n) => ({
    value: typeof each?.Value === "number" ? each.Value : FIRST_CUSTOM_OPTION + n,
    label: labelText(each?.Label) ?? "",
  }));
  if (new Set(options.map((each) => each.value)).size < options.length)
    throw errors.badSchema("Two options have the same Value.");
  return options;
}

function boolOptions(body: Body): Option[] {
  const set = (body.OptionSet ?? {}) as { TrueOption?: { Label?: unknown }; FalseOption?: { Label?: unknown } };
  return [
    { value: 0, label: labelText(set.FalseOption?.Label) ?? "No" },
    { value: 1, label: labelText(set.TrueOption?.Label) ?? "Yes" },
  ];
}

/** `DELETE .../Attributes(...)`: custom columns only; a key over the column stands in the way. */
export function dropColumn(request: ApiRequest, table: Table, name: string): void {
  const column = table.columns.get(name)!;
  if (!column.custom || name === table.idColumn || name === table.nameColumn) {
    throw errors.badSchema(`The column '${name}' of ${table.name} cannot be deleted.`);
  }
  const key = table.keys.find((each) => each.columns.includes(column));
  if (key) throw errors.badSchema(`The column '${name}' is part of the key '${key.name}' and cannot be deleted.`);
  table.columns.delete(name);
  table.shape++;
  request.environment.metadataVersion++;
}
