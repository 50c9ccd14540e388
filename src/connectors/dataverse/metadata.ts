import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { Column, ManyToMany, ObjectSchema, ObjectSummary } from "../../core/schema.ts";
import {
  casts,
  type Definition,
  type Detail,
  definition,
  definitionQuery,
  detail,
  list,
  type Table,
  table,
  tableFields,
  toParties,
  whoAmI,
} from "./answers.ts";
import { columnsOf, pairsOf } from "./columns.ts";
import { classify } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { getJson, jsonOf } from "./json.ts";
import { readMoneyDigits } from "./money.ts";

export type Metadata = {
  /** Every table that has rows of its own to address, by name. */
  objects(signal?: AbortSignal): Promise<ObjectSummary[]>;
  /** One table, as it is now. `name`: logical, schema, set or display name in any case, when only one table has it. */
  describe(name: string, signal?: AbortSignal): Promise<ObjectSchema>;
};

/** Past the server's caches of about 30 seconds: a column made a moment ago must be seen (dataverse.md section 1). */
const fresh = { consistency: "Strong" };

/**
 * The environment's own description of its tables (dataverse.md section 3). The list of tables is read once a session;
 * a table costs one request more per type of column, all at once.
 */
export function openMetadata(api: WebApi): Metadata {
  let reading: Promise<Map<string, Table>> | undefined;

  function tables(signal?: AbortSignal): Promise<Map<string, Table>> {
    reading ??= readTables(api, signal).catch((thrown: unknown) => {
      reading = undefined;
      throw thrown;
    });
    return reading;
  }

  return {
    async objects(signal) {
      const known = [...(await tables(signal)).values()].filter((t) => t.EntitySetName);
      return known.map((t) => ({ name: t.LogicalName, title: t.DisplayName ?? t.SchemaName }));
    },
    async describe(name, signal) {
      const known = await tables(signal);
      const { LogicalName: object } = resolve(name, known);
      const version = await api.version(signal);
      const activity = known.get(object)!.IsActivity === true;
      const [found, money, parties, bulk, ...details] = await Promise.all([
        readDefinition(api, version, object, signal),
        readMoneyDigits(api, signal),
        activity ? readParties(api, object, signal) : undefined,
        version === "9.2" ? hasBulkMessages(api, object, signal) : false,
        ...casts
          .filter(([type]) => version !== "8.2" || type !== "MultiSelectPicklist")
          .map(([type, query]) => readDetails(api, object, type, query, signal)),
      ]);
      const columns = columnsOf(found, new Map(details.flat().map((d) => [d.LogicalName, d])), known, money);
      return schemaOf(found, columns, pairsOf(found, known), bulk, parties);
    },
  };
}

/** The organisation's id, which lasts while its address may change (dataverse.md section 2, WhoAmI). */
export async function organisation(api: WebApi, signal?: AbortSignal): Promise<string> {
  const { OrganizationId } = await getJson(api, { path: "WhoAmI", doing: "ask who we are" }, whoAmI, signal);
  return OrganizationId.toLowerCase();
}

async function readTables(api: WebApi, signal?: AbortSignal): Promise<Map<string, Table>> {
  const version = await api.version(signal);
  const call = { path: `EntityDefinitions?$select=${tableFields(version)}`, headers: fresh, doing: "list the tables" };
  const { value } = await getJson(api, call, list(table), signal);
  return new Map(value.map((t) => [t.LogicalName, t]));
}

function resolve(name: string, tables: ReadonlyMap<string, Table>): Table {
  const exact = tables.get(name);
  if (exact) return exact;
  const wanted = name.toLowerCase();
  for (const field of ["LogicalName", "SchemaName", "EntitySetName", "DisplayName"] as const) {
    const same = [...tables.values()].filter((t) => t[field]?.toLowerCase() === wanted);
    if (same.length === 1) return same[0]!;
    if (same.length > 1)
      throw new SluiceError(
        "unknown_object",
        `Several tables are called "${name}": ${same.map((t) => t.LogicalName).join(", ")}.`,
        { remedy: "Name the one you mean." },
      );
  }
  const names = [...tables.values()].flatMap((t) => [t.LogicalName, t.DisplayName ?? t.LogicalName]);
  throw new SluiceError("unknown_object", `There is no table "${name}" here${didYouMean(name, new Set(names)) || "."}`);
}

async function readDefinition(api: WebApi, version: string, object: string, signal?: AbortSignal): Promise<Definition> {
  const path = `EntityDefinitions(LogicalName='${object}')?${definitionQuery(version)}`;
  return getJson(api, { path, headers: fresh, doing: `describe table ${object}` }, definition, signal);
}

async function readDetails(
  api: WebApi,
  object: string,
  type: string,
  query: string,
  signal?: AbortSignal,
): Promise<Detail[]> {
  const path = `EntityDefinitions(LogicalName='${object}')/Attributes/Microsoft.Dynamics.CRM.${type}AttributeMetadata?${query}`;
  const call = { path, headers: fresh, doing: `describe the ${type} columns of ${object}` };
  return (await getJson(api, call, list(detail), signal)).value;
}

/** The navigation from an activity to its parties (dataverse.md section 4: names of activities have endings of their own). */
async function readParties(api: WebApi, object: string, signal?: AbortSignal): Promise<string | undefined> {
  const filter = encodeURIComponent("ReferencingEntity eq 'activityparty'");
  const path = `EntityDefinitions(LogicalName='${object}')/OneToManyRelationships?$select=ReferencedEntityNavigationPropertyName&$filter=${filter}`;
  const call = { path, headers: fresh, doing: `describe the parties of ${object}` };
  const { value } = await getJson(api, call, list(toParties), signal);
  return value[0]?.ReferencedEntityNavigationPropertyName ?? undefined;
}

/** Both messages must be there. Who may not look takes the slower way, which needs nothing special. */
async function hasBulkMessages(api: WebApi, object: string, signal?: AbortSignal): Promise<boolean> {
  const supports = async (message: string) => {
    const filter = "sdkmessageid/name eq @message and primaryobjecttypecode eq @table";
    const path = `sdkmessagefilters?$select=sdkmessagefilterid&$filter=${encodeURIComponent(filter)}&@message='${message}'&@table='${object}'`;
    const doing = `see whether ${object} supports ${message}`;
    const answer = await api.read({ path, doing }, signal);
    if (answer.status !== 200 && classify(answer).kind === "permission") return false;
    return jsonOf(answer, doing, list(z.unknown())).value.length > 0;
  };
  const [create, update] = await Promise.all([supports("CreateMultiple"), supports("UpdateMultiple")]);
  return create && update;
}

const kinds: Record<string, ObjectSchema["kind"]> = { Virtual: "virtual", Elastic: "elastic" };

/** Who may own no record: disabled users, and access teams (teamtype 1; reference of the team table). */
const ownsNot: Record<string, ObjectSchema["ownsNot"]> = {
  systemuser: { column: "isdisabled", value: "true" },
  team: { column: "teamtype", value: "1" },
};

function schemaOf(
  found: Definition,
  columns: Column[],
  pairs: ManyToMany[],
  bulk: boolean,
  parties: string | undefined,
): ObjectSchema {
  const { LogicalName: name, EntitySetName: set, PrimaryIdAttribute: id } = found;
  if (!set || !id) throw new SluiceError("unknown_object", `Table ${name} has no rows that could be read or written.`);
  const kind = kinds[found.TableType ?? ""] ?? "standard";
  return {
    name,
    title: found.DisplayName ?? found.SchemaName,
    set,
    id,
    label: found.PrimaryNameAttribute ?? id,
    columns,
    keys: found.Keys.map((k) => ({
      name: k.LogicalName,
      columns: k.KeyAttributes,
      active: k.EntityKeyIndexStatus === "Active",
    })),
    ...(ownsNot[name] && { ownsNot: ownsNot[name] }),
    pairs,
    kind,
    activity: found.IsActivity === true,
    ...(parties !== undefined && { parties }),
    owned: found.OwnershipType === "UserOwned" || found.OwnershipType === "TeamOwned",
    can: {
      // Bulk messages on elastic tables succeed in part; our accounting needs all or nothing (dataverse.md section 7).
      bulk: bulk && kind === "standard",
      deltas: found.ChangeTrackingEnabled === true,
      concurrency: found.IsOptimisticConcurrencyEnabled === true,
    },
  };
}
