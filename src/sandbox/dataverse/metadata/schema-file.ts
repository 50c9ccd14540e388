import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Environment } from "../environment.ts";
import { begin } from "../records/transaction.ts";
import { createRow } from "../records/write.ts";
import { createColumn } from "./create-column.ts";
import { createKey } from "./create-key.ts";
import { createCustomerLookup, createPolymorphicLookup, createRelationship } from "./create-relationship.ts";
import { createTable } from "./create-table.ts";
import type { Body, Maker } from "./maker.ts";
import { createGlobalSet } from "./options.ts";

/** Types of columns in a schema file, and what they are in the API. */
const TYPES = {
  text: "String",
  json: "String",
  memo: "Memo",
  integer: "Integer",
  bigint: "BigInt",
  decimal: "Decimal",
  double: "Double",
  money: "Money",
  boolean: "Boolean",
  date: "DateTime",
  datetime: "DateTime",
  "datetime without zone": "DateTime",
  choice: "Picklist",
  choices: "MultiSelectPicklist",
  lookup: "Lookup",
  customer: "Lookup",
  image: "Image",
  file: "File",
} as const;
const BEHAVIORS: Record<string, string> = {
  date: "DateOnly",
  datetime: "UserLocal",
  "datetime without zone": "TimeZoneIndependent",
};

const NUMBER = z.string().regex(/^\d+$/, "a number");
/** In English, or in several languages by their numbers. */
const LABEL = z.union([z.string(), z.record(NUMBER, z.string())]);
const OPTIONS = z.record(NUMBER, LABEL);
const COLUMN = z.strictObject({
  type: z.enum(Object.keys(TYPES) as [keyof typeof TYPES]),
  label: LABEL.optional(),
  required: z.enum(["None", "SystemRequired", "ApplicationRequired", "Recommended"]).optional(),
  length: z.int().optional(),
  format: z.string().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  precision: z.int().optional(),
  kilobytes: z.int().optional(),
  full: z.boolean().optional(),
  default: z.union([z.boolean(), z.int()]).optional(),
  options: OPTIONS.optional(),
  choice: z.string().optional(),
  number: z.string().optional(),
  to: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  delete: z.enum(["Cascade", "RemoveLink", "Restrict"]).optional(),
});
const TABLE = z.strictObject({
  label: LABEL.optional(),
  plural: z.string().optional(),
  type: z.enum(["standard", "elastic"]).optional(),
  owned: z.enum(["user", "organization"]).optional(),
  tracking: z.boolean().optional(),
  name: z.string().optional(),
  columns: z.record(z.string(), COLUMN).optional(),
  keys: z.record(z.string(), z.array(z.string())).optional(),
});
const FILE = z.strictObject({
  publishers: z
    .record(z.string(), z.strictObject({ prefix: z.string(), options: z.int().min(10_000).max(99_999) }))
    .optional(),
  choices: z.record(z.string(), z.strictObject({ label: LABEL.optional(), options: OPTIONS })).optional(),
  tables: z.record(z.string(), TABLE).optional(),
  relationships: z.record(z.string(), z.array(z.string()).length(2)).optional(),
});

/** A schema file as read: names with what they are. */
export type SchemaFile = z.infer<typeof FILE> & { file: string };
/** What is wrong with a schema file, and where. */
export class SchemaFileError extends Error {
  override name = "SchemaFileError";
}

type ColumnFacts = z.infer<typeof COLUMN>;

/** Reads a schema file (YAML; docs/sandbox.md has the format). Throws a SchemaFileError that names the place of what is wrong. */
export function readSchemaFile(file: string): SchemaFile {
  let text: unknown;
  try {
    text = parse(readFileSync(file, "utf8"));
  } catch (error) {
    const unread = (error as NodeJS.ErrnoException).syscall !== undefined;
    throw new SchemaFileError(unread ? `${file} cannot be read` : `${file}: ${(error as Error).message}`);
  }
  const read = FILE.safeParse(text ?? {});
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw new SchemaFileError(`${file}: ${path.join(".") || "the file"}: ${message}`);
  }
  return { ...read.data, file };
}

/** Makes what the file says, as the API would. Throws a SchemaFileError that names the place of what does not hold. */
export function applySchema(environment: Environment, schema: SchemaFile): void {
  const maker: Maker = { environment, solution: undefined, mergeLabels: false };
  const at = (place: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      throw new SchemaFileError(`${schema.file}: ${place}: ${(error as Error).message}`);
    }
  };
  const tables = Object.entries(schema.tables ?? {});
  for (const [name, facts] of Object.entries(schema.publishers ?? {})) {
    at(`publishers.${name}`, () => addPublisher(environment, name, facts));
  }
  for (const [name, { label, options }] of Object.entries(schema.choices ?? {})) {
    const body = {
      "@odata.type": "OptionSetMetadata",
      Name: name,
      DisplayName: labelled(label),
      Options: listed(options),
    };
    at(`choices.${name}`, () => createGlobalSet(maker, body));
  }
  // Tables before their columns, columns before lookups and keys: the order in the file does not matter.
  for (const [name, facts] of tables) {
    if (!environment.tables.has(name)) at(`tables.${name}`, () => createTable(maker, tableBody(name, facts)));
  }
  for (const lookups of [false, true]) {
    for (const [name, { columns }] of tables) {
      const table = environment.tables.get(name.toLowerCase())!;
      for (const [column, facts] of Object.entries(columns ?? {})) {
        if (isLookup(facts) !== lookups || table.nameColumn === column.toLowerCase()) continue;
        at(`tables.${name}.columns.${column}`, () => {
          if (lookups) makeLookup(maker, table.name, column, facts);
          else createColumn(maker, table, columnBody(column, facts));
        });
      }
    }
  }
  for (const [name, { keys }] of tables) {
    const table = environment.tables.get(name.toLowerCase())!;
    for (const [key, columns] of Object.entries(keys ?? {})) {
      at(`tables.${name}.keys.${key}`, () => {
        // It is there from the beginning: nobody waits for its index.
        createKey(maker, table, {
          SchemaName: key,
          KeyAttributes: columns.map((each) => each.toLowerCase()),
        }).reads = 1;
      });
    }
  }
  for (const [name, [first, second]] of Object.entries(schema.relationships ?? {})) {
    const body = {
      "@odata.type": "ManyToManyRelationshipMetadata",
      SchemaName: name,
      Entity1LogicalName: first?.toLowerCase(),
      Entity2LogicalName: second?.toLowerCase(),
    };
    at(`relationships.${name}`, () => createRelationship(maker, body));
  }
}

function addPublisher(environment: Environment, name: string, facts: { prefix: string; options: number }): void {
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  createRow(tx, environment.tables.get("publisher")!, {
    uniquename: name,
    friendlyname: name,
    customizationprefix: facts.prefix,
    customizationoptionvalueprefix: facts.options,
  });
}

function isLookup({ type }: ColumnFacts): boolean {
  return type === "lookup" || type === "customer";
}

function labelled(text: z.infer<typeof LABEL> | undefined): Body | undefined {
  if (text === undefined) return undefined;
  const words = typeof text === "string" ? { 1033: text } : text;
  return {
    LocalizedLabels: Object.entries(words).map(([code, Label]) => ({ Label, LanguageCode: Number(code) })),
  };
}

function listed(options: z.infer<typeof OPTIONS>): Body[] {
  return Object.entries(options).map(([value, label]) => ({ Value: Number(value), Label: labelled(label) }));
}

/** The primary column is `name`, described among `columns` or not; by default the prefix with `_Name`. */
function tableBody(schema: string, facts: z.infer<typeof TABLE>): Body {
  const name = facts.name ?? `${schema.split("_")[0]}_Name`;
  const described = Object.entries(facts.columns ?? {}).find(([each]) => each.toLowerCase() === name.toLowerCase());
  return {
    SchemaName: schema,
    DisplayName: labelled(facts.label),
    DisplayCollectionName: labelled(facts.plural),
    OwnershipType: facts.owned === "organization" ? "OrganizationOwned" : "UserOwned",
    TableType: facts.type === "elastic" ? "Elastic" : "Standard",
    ChangeTrackingEnabled: facts.tracking ?? true,
    Attributes: [{ ...columnBody(name, described?.[1] ?? { type: "text" }), IsPrimaryName: true }],
  };
}

function columnBody(schema: string, facts: ColumnFacts): Body {
  const behavior = BEHAVIORS[facts.type];
  return {
    "@odata.type": `${TYPES[facts.type]}AttributeMetadata`,
    SchemaName: schema,
    DisplayName: labelled(facts.label),
    RequiredLevel: { Value: facts.required ?? "None" },
    MaxLength: facts.length,
    ...(facts.type === "json" ? { FormatName: { Value: "Json" } } : {}),
    ...(facts.format === undefined ? {} : { FormatName: { Value: facts.format }, Format: facts.format }),
    MinValue: facts.min,
    MaxValue: facts.max,
    Precision: facts.precision,
    MaxSizeInKB: facts.kilobytes,
    CanStoreFullImage: facts.full,
    DefaultValue: facts.default,
    DefaultFormValue: facts.default,
    AutoNumberFormat: facts.number,
    ...(behavior === undefined ? {} : { DateTimeBehavior: { Value: behavior } }),
    OptionSet:
      facts.choice === undefined
        ? { Options: facts.options === undefined ? undefined : listed(facts.options) }
        : { IsGlobal: true, Name: facts.choice.toLowerCase() },
  };
}

/** A lookup by its relationships, named `prefix_target_table_column`. */
function makeLookup(maker: Maker, table: string, column: string, facts: ColumnFacts): void {
  const targets = facts.type === "customer" ? ["account", "contact"] : [facts.to ?? []].flat();
  if (targets.length === 0) throw new Error("'to' must name the table that the lookup leads to");
  const prefix = column.split("_")[0];
  const lookup = { ...columnBody(column, facts), "@odata.type": "LookupAttributeMetadata" };
  const relationships = targets.map((target) => ({
    "@odata.type": "OneToManyRelationshipMetadata",
    SchemaName: `${prefix}_${target}_${table}_${column}`.slice(0, 100),
    ReferencedEntity: target.toLowerCase(),
    ReferencingEntity: table,
    ...(facts.delete === undefined ? {} : { CascadeConfiguration: { Delete: facts.delete } }),
  }));
  const body = { OneToManyRelationships: relationships, Lookup: lookup };
  if (facts.type === "customer") createCustomerLookup(maker, body);
  else if (targets.length > 1) createPolymorphicLookup(maker, body);
  else createRelationship(maker, { ...relationships[0]!, Lookup: lookup });
}
