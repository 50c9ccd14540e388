import { own } from "../../own.ts";
import { addColumn, addComputedColumns } from "../build.ts";
import { errors } from "../errors.ts";
import { isContent } from "../files/content-store.ts";
import { tellContents } from "../files/relation.ts";
import { namedGuid } from "../guids.ts";
import type { Column, Kind, Level, Table } from "../model.ts";
import type { ColumnLine } from "../table-file.ts";
import { labelText, named } from "./label.ts";
import { type Body, changed, customName, type Maker } from "./maker.ts";
import { boolOptions, listedOptions } from "./options.ts";

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
  LookupAttributeMetadata: "lookup",
  ImageAttributeMetadata: "image",
  FileAttributeMetadata: "file",
};

/** Bounds of the types: nothing outside them can be declared. */
const LONGEST_TEXT = 4000;
const LONGEST_MEMO = 1_048_576;
/** In kilobytes: 30 MB and 10 GB (image-attributes.md, file-attributes.md). */
const LARGEST_IMAGE = 30_720;
const LARGEST_FILE = 10_485_760;
const LEVELS = ["None", "SystemRequired", "ApplicationRequired", "Recommended"];

/** `POST EntityDefinitions(...)/Attributes`. Throws when the name is taken or the definition does not hold. */
export function createColumn(maker: Maker, table: Table, body: Body): Column {
  const line = columnLine(maker, body);
  if (line.kind === "lookup") {
    throw errors.badSchema("Lookup columns are created with their relationship: POST RelationshipDefinitions.");
  }
  if (table.partition !== undefined) requireElasticKind(line);
  if (table.intersect || table.seedOnly) throw errors.badSchema(`The table '${table.name}' takes no columns.`);
  if (table.columns.has(line.name)) throw errors.duplicateColumn(line.name, table.name);
  const column = addColumn(table, line, true);
  column.made = maker.environment.clock.now();
  // One that is made again under the name of a dropped one is another.
  column.id = namedGuid(`column ${table.name}.${line.name} ${maker.environment.metadataVersion}`);
  for (const companion of companions(table, line)) {
    if (!table.columns.has(companion.name)) addColumn(table, companion, false);
  }
  if (line.kind === "money") nameCurrency(table);
  if (isContent(column) && maker.environment.tables.has(table.name)) tellContents(maker.environment, table);
  addComputedColumns(maker.environment, table);
  changed(maker.environment, table);
  return column;
}

/** Types elastic tables do not have (create-elastic-tables.md, "Adding Columns"; create-edit-elastic-tables.md). */
const NOT_ELASTIC: Kind[] = ["money", "choices", "state", "status", "file", "image", "customer"];

/** Throws where elastic tables do not take such a column. */
export function requireElasticKind({ name, kind }: Pick<ColumnLine, "name" | "kind">): void {
  if (NOT_ELASTIC.includes(kind)) throw errors.elastic(`the column '${name}' of type ${kind}`);
}

/** Columns the service adds by itself: of money its base value, its currency and the rate; of an image its address. */
function companions(table: Table, line: ColumnLine): ColumnLine[] {
  const readOnly = { ...line, create: false, update: false, level: "None" as Level };
  if (line.kind === "money") {
    return [
      {
        ...readOnly,
        name: `${line.name}_base`,
        schema: `${line.schema}_Base`,
        label: `${line.label} (Base)`,
        precision: 4,
      },
      bare({ name: "exchangerate", schema: "ExchangeRate", label: "Exchange Rate", kind: "decimal", precision: 12 }),
      {
        ...bare({ name: "transactioncurrencyid", schema: "TransactionCurrencyId", label: "Currency", kind: "lookup" }),
        custom: false,
        create: true,
        update: true,
        targets: ["transactioncurrency"],
      },
    ].filter((each) => !table.columns.has(each.name));
  }
  if (line.kind === "image") {
    const part = (name: string, kind: Kind): ColumnLine =>
      bare({ name: `${line.name}${name.toLowerCase()}`, schema: `${line.schema}${name}`, label: line.label, kind });
    const accompanies = { of: `${line.name}id`, shown: true };
    return [
      { ...part("_Timestamp", "bigint"), ...accompanies },
      { ...part("_URL", "text"), ...accompanies, max: 200 },
      part("Id", "guid"),
    ];
  }
  if (line.kind !== "file") return [];
  const part = bare({ name: `${line.name}_name`, schema: `${line.schema}_Name`, label: line.label, kind: "text" });
  return [{ ...part, of: line.name, shown: true, max: 200 }];
}

function bare(facts: Pick<ColumnLine, "name" | "schema" | "label" | "kind"> & Partial<ColumnLine>): ColumnLine {
  return { create: false, update: false, level: "None", logical: false, custom: false, secured: false, ...facts };
}

function nameCurrency(table: Table): void {
  if (table.relations.some((relation) => relation.column === "transactioncurrencyid")) return;
  table.relations.push({
    column: "transactioncurrencyid",
    target: "transactioncurrency",
    navigation: `transactioncurrencyid${table.activity ? `_${table.name}` : ""}`,
    schema: `TransactionCurrency_${table.name}`,
  });
}

/** The name in `@odata.type`, without namespace. */
export function typeName(body: Body): string {
  return String(body["@odata.type"] ?? "").replace(/^#?Microsoft\.Dynamics\.CRM\.(?:Complex(?=Lookup))?/, "");
}

/** A body as a column. */
export function columnLine(maker: Maker, body: Body): ColumnLine {
  const type = typeName(body);
  const kind = own(KINDS, type);
  if (!kind) {
    if (/AttributeMetadata$/.test(type)) throw errors.badSchema(`A column of type ${type} cannot be created.`);
    throw errors.badSchema(
      `'@odata.type' must name the type of the column, such as Microsoft.Dynamics.CRM.StringAttributeMetadata; it is '${type}'.`,
    );
  }
  if (typeof body.SourceType === "number" && body.SourceType > 0) {
    throw errors.notBuilt(`A calculated, rollup or formula column (SourceType ${body.SourceType})`);
  }
  if (body.IsSecured === true) throw errors.notBuilt("A column with column-level security (IsSecured)");
  const schema = customName(maker, body.SchemaName, "attribute");
  const description = labelText(body.Description);
  return {
    name: schema.toLowerCase(),
    schema,
    ...named(body.DisplayName, schema),
    kind,
    create: kind !== "file",
    update: kind !== "file",
    level: levelOf(body) ?? "None",
    logical: false,
    custom: true,
    secured: false,
    ...(description === undefined ? {} : { description }),
    ...typeFacts(maker, kind, body),
  };
}

/** RequiredLevel as sent; undefined when there is none. */
export function levelOf(body: Body): Level | undefined {
  const level = (body.RequiredLevel as { Value?: unknown } | null | undefined)?.Value;
  if (level === undefined || level === null) return undefined;
  if (!LEVELS.includes(String(level))) throw errors.badSchema(`'${String(level)}' is no RequiredLevel.`);
  return level as Level;
}

/** The formats of text (entity-attribute-metadata.md, "String formats"; the enumeration StringFormat). */
const STRING_FORMATS =
  "Text Email Phone PhoneNumber PhoneticGuide TextArea TickerSymbol Url VersionNumber RichText Json".split(" ");

/** What a body says about the type: length, range, precision, format, options. Throws where it is out of bounds. */
export function typeFacts(maker: Maker, kind: Kind, body: Body): Partial<ColumnLine> {
  switch (kind) {
    case "text": {
      const format = (body.FormatName as { Value?: unknown } | undefined)?.Value ?? body.Format;
      if (typeof format === "string" && !STRING_FORMATS.includes(format)) {
        throw errors.badSchema(
          `FormatName must be one of ${STRING_FORMATS.join(", ")}, not '${format.slice(0, 100)}'.`,
        );
      }
      const max = length(body, 100, LONGEST_TEXT);
      const pattern = body.AutoNumberFormat;
      return {
        max,
        ...(typeof format === "string" && format !== "Text" ? { format } : {}),
        ...(typeof pattern === "string" && pattern !== "" ? { autoNumber: numberPattern(pattern) } : {}),
      };
    }
    case "memo": {
      const json = (body.FormatName as { Value?: unknown } | undefined)?.Value === "Json";
      return { max: length(body, 2000, LONGEST_MEMO), ...(json ? { format: "Json" } : {}) };
    }
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
        ...listedOptions(maker, body),
        ...(kind === "choice" && typeof initial === "number" && initial >= 0 ? { initial } : {}),
      };
    }
    case "image":
      return { maxKb: kilobytes(body, 10_240, LARGEST_IMAGE), full: body.CanStoreFullImage === true };
    case "file":
      return { maxKb: kilobytes(body, 32_768, LARGEST_FILE) };
    default:
      return {};
  }
}

function kilobytes(body: Body, fallback: number, most: number): number {
  const max = body.MaxSizeInKB ?? fallback;
  if (typeof max === "number" && Number.isInteger(max) && max >= 1 && max <= most) return max;
  throw errors.badSchema(`MaxSizeInKB must be between 1 and ${most}.`);
}

/** Of an autonumber column: text with SEQNUM, RANDSTRING and DATETIMEUTC in braces (autonumber-fields.md). */
function numberPattern(pattern: string): string {
  for (const [, inner] of pattern.matchAll(/\{([^}]*)\}/g)) {
    if (!/^(SEQNUM:\d{1,2}|RANDSTRING:[1-6]|DATETIMEUTC:[^{}]+)$/.test(inner!)) {
      throw errors.badSchema(`AutoNumberFormat: '{${inner}}' is not known.`);
    }
  }
  return pattern;
}

function dateFacts(body: Body): Partial<ColumnLine> {
  const behavior = (body.DateTimeBehavior as { Value?: unknown } | undefined)?.Value ?? "UserLocal";
  const kinds: Record<string, Kind> = { UserLocal: "datetime", DateOnly: "date", TimeZoneIndependent: "zoneless" };
  const kind = own(kinds, String(behavior));
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
