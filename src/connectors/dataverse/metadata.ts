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
} from "./answers.ts";
import { columnsOf, pairsOf } from "./columns.ts";
import type { ApiVersion } from "./config.ts";
import { cursorLife, type MoneyDigits, readGround } from "./ground.ts";
import type { WebApi } from "./http.ts";
import { type Answers, openAnswers } from "./kept.ts";

export type Metadata = {
  /** The organisation's id, which lasts while its address may change. */
  identity(signal?: AbortSignal): Promise<string>;
  /** Every table that has rows of its own to address, by name. */
  objects(signal?: AbortSignal): Promise<ObjectSummary[]>;
  /** What is kept beside the schema, for questions of others. */
  answers(signal?: AbortSignal): Promise<Answers>;
  cursorLife(signal?: AbortSignal): Promise<number>;
  /** One table, as it is now. `name`: logical, schema, set or display name in any case, when only one table has it. */
  describe(name: string, signal?: AbortSignal): Promise<ObjectSchema>;
  /** Only which table that is: of one session no request for each. */
  tableOf(name: string, signal?: AbortSignal): Promise<string>;
};

type Known = { version: ApiVersion; answers: Answers; money: MoneyDigits; tables: ReadonlyMap<string, Table> };

/**
 * The environment's own description of its tables (dataverse.md section 3). What holds for all tables is read once a
 * session; a table costs one request more per type of column, all at once, or none where the answers are in `folder` and
 * the environment's schema has not changed since.
 */
export function openMetadata(api: WebApi, folder?: string): Metadata {
  const ground = once((signal) => readGround(api, signal));
  const known = once(async (signal): Promise<Known> => {
    const [version, { organisation, user, schema, money }] = [await api.version(signal), await ground(signal)];
    const answers = await openAnswers(api, folder, schema && [organisation, user, version, schema].join(" "));
    return { version, answers, money, tables: await readTables(answers, version, signal) };
  });

  return {
    async identity(signal) {
      return (await ground(signal)).organisation;
    },
    async cursorLife(signal) {
      return cursorLife((await ground(signal)).trackedDays);
    },
    async objects(signal) {
      const addressed = [...(await known(signal)).tables.values()].filter((t) => t.EntitySetName);
      return addressed.map((t) => ({ name: t.LogicalName, title: t.DisplayName ?? t.SchemaName }));
    },
    async answers(signal) {
      return (await known(signal)).answers;
    },
    async tableOf(name, signal) {
      return resolve(name, (await known(signal)).tables).LogicalName;
    },
    async describe(name, signal) {
      const { version, answers, money, tables } = await known(signal);
      const { LogicalName: object, IsActivity: activity } = resolve(name, tables);
      const [found, parties, bulk, ...details] = await Promise.all([
        readDefinition(answers, version, object, signal),
        activity === true ? readParties(answers, object, signal) : undefined,
        version === "9.2" ? hasBulkMessages(answers, object, signal) : false,
        ...casts
          .filter(([type]) => version !== "8.2" || type !== "MultiSelectPicklist")
          .map(([type, query]) => readDetails(answers, object, type, query, signal)),
      ]);
      const columns = columnsOf(found, new Map(details.flat().map((d) => [d.LogicalName, d])), tables, money);
      return schemaOf(found, columns, pairsOf(found, tables), bulk, parties);
    },
  };
}

/** The work is done once; where it failed, again for the next who asks. */
function once<T>(work: (signal?: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let doing: Promise<T> | undefined;
  return (signal) => {
    doing ??= work(signal).catch((thrown: unknown) => {
      doing = undefined;
      throw thrown;
    });
    return doing;
  };
}

async function readTables(answers: Answers, version: string, signal?: AbortSignal): Promise<Map<string, Table>> {
  const call = { path: `EntityDefinitions?$select=${tableFields(version)}`, doing: "list the tables" };
  const { value } = await answers.get(call, list(table), signal);
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

/** A key becomes active without a change of the schema's version: kept only when nothing is on its way. */
const settled = ({ Keys }: Definition) => Keys.every((k) => k.EntityKeyIndexStatus === "Active");

async function readDefinition(
  answers: Answers,
  version: string,
  object: string,
  signal?: AbortSignal,
): Promise<Definition> {
  const path = `EntityDefinitions(LogicalName='${object}')?${definitionQuery(version)}`;
  return answers.get({ path, doing: `describe table ${object}` }, definition, signal, settled);
}

async function readDetails(
  answers: Answers,
  object: string,
  type: string,
  query: string,
  signal?: AbortSignal,
): Promise<Detail[]> {
  const path = `EntityDefinitions(LogicalName='${object}')/Attributes/Microsoft.Dynamics.CRM.${type}AttributeMetadata?${query}`;
  return (await answers.get({ path, doing: `describe the ${type} columns of ${object}` }, list(detail), signal)).value;
}

/** The navigation from an activity to its parties (dataverse.md section 4: names of activities have endings of their own). */
async function readParties(answers: Answers, object: string, signal?: AbortSignal): Promise<string | undefined> {
  const filter = encodeURIComponent("ReferencingEntity eq 'activityparty'");
  const path = `EntityDefinitions(LogicalName='${object}')/OneToManyRelationships?$select=ReferencedEntityNavigationPropertyName&$filter=${filter}`;
  const { value } = await answers.get({ path, doing: `describe the parties of ${object}` }, list(toParties), signal);
  return value[0]?.ReferencedEntityNavigationPropertyName ?? undefined;
}

/** Both messages must be there. Who may not look takes the slower way, which needs nothing special. */
async function hasBulkMessages(answers: Answers, object: string, signal?: AbortSignal): Promise<boolean> {
  const supports = async (message: string) => {
    const filter = "sdkmessageid/name eq @message and primaryobjecttypecode eq @table";
    const path = `sdkmessagefilters?$select=sdkmessagefilterid&$filter=${encodeURIComponent(filter)}&@message='${message}'&@table='${object}'`;
    const call = { path, doing: `see whether ${object} supports ${message}` };
    try {
      return (await answers.get(call, list(z.unknown()), signal)).value.length > 0;
    } catch (thrown) {
      if (thrown instanceof SluiceError && thrown.kind === "permission") return false;
      throw thrown;
    }
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

/** Tables whose rows come to be by other ways than a create (dataverse.md section 11; reference of activityparty). */
const takesNone: Record<string, string> = {
  listmember: "members join and leave a marketing list by the actions of the list",
  activityparty: "the parties of an activity are made with it",
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
    ...(takesNone[name] && { takesNone: takesNone[name] }),
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
