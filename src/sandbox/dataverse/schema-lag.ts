import { type Call, header } from "../http/exchange.ts";
import type { Environment, Schema, SchemaLag, TableSchema } from "./environment.ts";
import type { Table } from "./model.ts";

const METADATA = /^(EntityDefinitions|RelationshipDefinitions|GlobalOptionSetDefinitions|\$metadata)(?![^(/])/;

/**
 * Runs a request under the schema it may see: the newest that is old enough, or with `Consistency: Strong` the present
 * one. Requests that change the schema see the present one, and so does what stands in a batch.
 */
export function underSchemaLag<T>(call: Call, environment: Environment, lag: SchemaLag, work: () => T): T {
  remember(environment, lag);
  const visible = isLate(call, environment, lag) ? oldEnough(environment, lag) : undefined;
  if (visible === undefined) {
    const result = work();
    remember(environment, lag);
    return result;
  }
  const present = schemaOf(environment);
  const keepsKeys = !METADATA.test(resource(call));
  show(environment, visible, keepsKeys);
  try {
    return work();
  } finally {
    show(environment, present, false);
  }
}

/** The lag from now on: what there is at this moment is seen at once. */
export function schemaLag(environment: Environment, settings: Omit<SchemaLag, "schemas">): SchemaLag {
  return { ...settings, schemas: [schemaOf(environment)] };
}

function isLate(call: Call, environment: Environment, lag: SchemaLag): boolean {
  if (header(call, "consistency")?.toLowerCase() === "strong") return false;
  const address = resource(call);
  if (METADATA.test(address)) return lag.metadata && call.method === "GET";
  return lag.rows && environment.sets.has(/^\w*/.exec(address)![0]);
}

const resource = (call: Call): string => call.path.replace(/^\/api\/data\/v[\d.]+\//, "");

/** The newest schema that is old enough to be seen; undefined when that is the present one. */
function oldEnough(environment: Environment, { ms, schemas }: SchemaLag): Schema | undefined {
  const latest = environment.clock.now() - ms;
  while (schemas.length > 1 && schemas[1]!.since <= latest) schemas.shift();
  return schemas.length === 1 ? undefined : schemas[0];
}

function remember(environment: Environment, { schemas }: SchemaLag): void {
  if (schemas.at(-1)?.metadataVersion !== environment.metadataVersion) schemas.push(schemaOf(environment));
}

function schemaOf({ metadataVersion, tables, sets, clock }: Environment): Schema {
  const parts = new Map<Table, TableSchema>();
  for (const table of tables.values()) {
    const { columns, relations, manyToMany, keys } = table;
    parts.set(table, {
      columns: new Map(columns),
      relations: [...relations],
      manyToMany: [...manyToMany],
      keys: [...keys],
    });
  }
  return { metadataVersion, tables: new Map(tables), sets: new Map(sets), since: clock.now(), parts };
}

/** Where rows are written the keys stay: their indexes must hear of every row. */
function show(environment: Environment, schema: Schema, keepsKeys: boolean): void {
  const { metadataVersion, tables, sets, parts } = schema;
  Object.assign(environment, { metadataVersion, tables, sets });
  for (const [table, { keys, ...rest }] of parts) {
    Object.assign(table, rest, keepsKeys ? {} : { keys });
    table.shape++;
  }
}
