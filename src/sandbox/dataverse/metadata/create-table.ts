import { addComputedColumns, tableFrom } from "../build.ts";
import { errors } from "../errors.ts";
import { tellContents } from "../files/relation.ts";
import { addTable } from "../messages.ts";
import type { Kind, Table } from "../model.ts";
import { pluralOf } from "../routes/known-names.ts";
import type { ColumnLine, TableFile } from "../table-file.ts";
import { columnLine, createColumn } from "./create-column.ts";
import { labelText, named } from "./label.ts";
import { type Body, changed, customName, type Maker } from "./maker.ts";

/** Custom tables are numbered from here. */
const FIRST_CUSTOM_CODE = 10_000;

/**
 * `POST EntityDefinitions`: a custom table with its primary name column among `Attributes`, further columns allowed.
 * Owned by users unless `OwnershipType` says OrganizationOwned.
 */
export function createTable(maker: Maker, body: Body): Table {
  const { environment } = maker;
  const schema = customName(maker, body.SchemaName, "entity");
  const name = schema.toLowerCase();
  const set =
    typeof body.EntitySetName === "string" && /^[A-Za-z_]\w*$/.test(body.EntitySetName)
      ? body.EntitySetName
      : pluralOf(name);
  if (environment.tables.has(name) || environment.sets.has(set)) throw errors.duplicateTable(name);
  const attributes = Array.isArray(body.Attributes) ? body.Attributes : [];
  if (attributes.some((each) => typeof each !== "object" || each === null)) {
    throw errors.badSchema("Attributes must list columns.");
  }
  const primary = (attributes as Body[]).find((each) => each.IsPrimaryName === true);
  const nameLine = primary && columnLine(maker, primary);
  if (nameLine?.kind !== "text") {
    throw errors.badSchema("Attributes must hold the primary name column: a string with IsPrimaryName true.");
  }
  const ownership = body.OwnershipType ?? "UserOwned";
  if (ownership !== "UserOwned" && ownership !== "OrganizationOwned") {
    throw errors.badSchema("OwnershipType must be UserOwned or OrganizationOwned.");
  }
  const type = body.TableType ?? "Standard";
  if (type === "Virtual") throw errors.notBuilt("A table of type Virtual");
  if (type !== "Standard" && type !== "Elastic") throw errors.badSchema("TableType must be Standard or Elastic.");
  const elastic = type === "Elastic";
  if (body.IsActivity === true) throw errors.notBuilt("A custom activity table");
  const owned = ownership === "OrganizationOwned" ? "organization" : "user";
  const file: TableFile = {
    name,
    schema,
    set,
    code: FIRST_CUSTOM_CODE + environment.tables.size,
    ...named(body.DisplayName, schema),
    plural: labelText(body.DisplayCollectionName) ?? `${labelText(body.DisplayName) ?? schema}s`,
    id: `${name}id`,
    nameColumn: nameLine.name,
    owned,
    flags: new Set([
      "custom",
      "bulk",
      "concurrency",
      ...(body.ChangeTrackingEnabled === true ? ["tracking"] : []),
      ...(elastic ? ["elastic"] : []),
    ]),
    columns: [...systemColumns(name, schema, owned, elastic), nameLine],
    relations: [],
    manyToMany: [],
    keys: [],
  };
  const table = tableFrom(file);
  const description = labelText(body.Description);
  if (description !== undefined) table.description = description;
  table.made = environment.clock.now();
  takeFlags(table, body);
  for (const each of attributes as Body[]) if (each !== primary) createColumn(maker, table, each);
  addComputedColumns(environment, table);
  addTable(environment, table);
  tellContents(environment, table);
  changed(environment);
  return table;
}

/** HasNotes and HasActivities are kept and shown; no relationships come with them (docs/sandbox.md). */
export function takeFlags(table: Table, body: Body): void {
  if (typeof body.HasNotes === "boolean") table.notes = body.HasNotes;
  if (typeof body.HasActivities === "boolean") table.activities = body.HasActivities;
}

/** The columns every custom table has; elastic ones have a partition and a time to live instead of a status. */
function systemColumns(name: string, schema: string, owned: "user" | "organization", elastic: boolean): ColumnLine[] {
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
    ...(elastic
      ? [
          line("partitionid", "Partition Id", "text", { schema: "PartitionId", create: true, max: 100 }),
          line("ttlinseconds", "Time to live", "int", {
            schema: "TTLInSeconds",
            create: true,
            update: true,
            range: [1, 2147483647],
          }),
        ]
      : [
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
        ]),
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
