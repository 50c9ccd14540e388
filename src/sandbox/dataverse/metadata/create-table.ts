import { addComputedColumns, tableFrom } from "../build.ts";
import { errors } from "../errors.ts";
import { addTable } from "../messages.ts";
import type { Kind, Table } from "../model.ts";
import type { ApiRequest } from "../request.ts";
import type { ColumnLine, TableFile } from "../table-file.ts";
import { columnLine } from "./create-column.ts";
import { labelText } from "./label.ts";

const CUSTOM_NAME = /^[A-Za-z][A-Za-z0-9]{1,7}_[A-Za-z0-9_]+$/;
/** Custom tables are numbered from here. */
const FIRST_CUSTOM_CODE = 10_000;

/**
 * `POST EntityDefinitions`: a custom table with its primary name column among `Attributes`, further columns allowed.
 * Owned by users unless `OwnershipType` says OrganizationOwned.
 */
export function createTable(request: ApiRequest, body: Record<string, unknown>): Table {
  const { environment } = request;
  const schema = body.SchemaName;
  if (typeof schema !== "string" || !CUSTOM_NAME.test(schema)) {
    throw errors.badSchema(
      `The SchemaName '${String(schema)}' must begin with a customization prefix, as in 'new_Name'.`,
    );
  }
  const name = schema.toLowerCase();
  const set = pluralOf(name);
  if (environment.tables.has(name) || environment.sets.has(set)) throw errors.duplicateTable(name);
  const attributes = Array.isArray(body.Attributes) ? (body.Attributes as Record<string, unknown>[]) : [];
  const lines = attributes.map((each) => columnLine(each ?? {}));
  const primary = attributes.findIndex((each) => each?.IsPrimaryName === true);
  if (primary < 0 || lines[primary]!.kind !== "text") {
    throw errors.badSchema("Attributes must hold the primary name column: a string with IsPrimaryName true.");
  }
  const owned = body.OwnershipType === "OrganizationOwned" ? "organization" : "user";
  const file: TableFile = {
    name,
    schema,
    set,
    code: FIRST_CUSTOM_CODE + environment.tables.size,
    label: labelText(body.DisplayName) ?? schema,
    plural: labelText(body.DisplayCollectionName) ?? `${labelText(body.DisplayName) ?? schema}s`,
    id: `${name}id`,
    nameColumn: lines[primary]!.name,
    owned,
    flags: new Set(["custom", "bulk", "concurrency", ...(body.ChangeTrackingEnabled === true ? ["tracking"] : [])]),
    columns: [...systemColumns(name, schema, owned), ...lines],
    relations: [],
    manyToMany: [],
    keys: [],
  };
  const table = tableFrom(file);
  addComputedColumns(environment, table);
  addTable(environment, table);
  environment.metadataVersion++;
  return table;
}

/** English plurals as Dataverse forms entity set names. */
function pluralOf(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** The columns every custom table has. */
function systemColumns(name: string, schema: string, owned: "user" | "organization"): ColumnLine[] {
  const line = (column: string, label: string, kind: Kind, more: Partial<ColumnLine> = {}): ColumnLine => ({
    name: column,
    schema: column,
    label,
    kind,
    create: false,
    update: false,
    level: "None",
    logical: false,
    custom: false,
    secured: false,
    ...more,
  });
  const user = { targets: ["systemuser"] };
  return [
    line(`${name}id`, schema, "guid", { schema: `${schema}Id`, create: true, level: "SystemRequired" }),
    line("createdon", "Created On", "datetime", { schema: "CreatedOn" }),
    line("createdby", "Created By", "lookup", { schema: "CreatedBy", ...user }),
    line("modifiedon", "Modified On", "datetime", { schema: "ModifiedOn" }),
    line("modifiedby", "Modified By", "lookup", { schema: "ModifiedBy", ...user }),
    line("versionnumber", "Version Number", "bigint", { schema: "VersionNumber" }),
    line("importsequencenumber", "Import Sequence Number", "int", { schema: "ImportSequenceNumber", create: true }),
    line("overriddencreatedon", "Record Created On", "datetime", { schema: "OverriddenCreatedOn", create: true }),
    line("statecode", "Status", "state", {
      update: true,
      level: "SystemRequired",
      options: [
        { value: 0, label: "Active", fallback: 1 },
        { value: 1, label: "Inactive", fallback: 2 },
      ],
    }),
    line("statuscode", "Status Reason", "status", {
      create: true,
      update: true,
      options: [
        { value: 1, label: "Active", state: 0 },
        { value: 2, label: "Inactive", state: 1 },
      ],
    }),
    ...(owned === "user"
      ? [
          line("ownerid", "Owner", "owner", {
            schema: "OwnerId",
            create: true,
            update: true,
            level: "SystemRequired",
            targets: ["systemuser", "team"],
          }),
          line("owninguser", "Owning User", "lookup", { schema: "OwningUser", ...user }),
          line("owningteam", "Owning Team", "lookup", { schema: "OwningTeam", targets: ["team"] }),
          line("owningbusinessunit", "Owning Business Unit", "lookup", {
            schema: "OwningBusinessUnit",
            targets: ["businessunit"],
          }),
        ]
      : []),
  ];
}
