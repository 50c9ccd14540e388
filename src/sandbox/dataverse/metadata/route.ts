import type { Reply } from "../../http/exchange.ts";
import { own } from "../../own.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { requirePrivilegeByName } from "../records/privileges.ts";
import { type ApiRequest, jsonBody, noContent } from "../request.ts";
import type { Segment } from "../wire/address.ts";
import { createColumn } from "./create-column.ts";
import { createKey } from "./create-key.ts";
import { createRelationship } from "./create-relationship.ts";
import { createTable } from "./create-table.ts";
import { dropColumn, dropKey, dropRelationship, dropTable } from "./drop.ts";
import { type Maker, makerOf } from "./maker.ts";
import type { MetadataNode } from "./node.ts";
import { createGlobalSet, dropGlobalSet, updateGlobalSet } from "./options.ts";
import { one, readMetadata, tableByKey } from "./read.ts";
import { allRelations, relationId } from "./relation-node.ts";
import { tableNode } from "./table-node.ts";
import { updateColumn, updateRelation, updateTable } from "./update.ts";

type Asked = { request: ApiRequest; maker: Maker; segments: Segment[] };

/** Reads and writes of `EntityDefinitions`, `RelationshipDefinitions` and `GlobalOptionSetDefinitions` (section 3). */
export function metadataRoute(request: ApiRequest, segments: Segment[]): Reply {
  const { method } = request.call;
  if (method === "GET") return readMetadata(request, segments);
  // Definitions are replaced as a whole, never patched (create-update-entity-definitions-using-web-api.md).
  if (method !== "POST" && method !== "PUT" && method !== "DELETE") throw errors.wrongVerb(method);
  const [root, part] = segments;
  requirePrivilegeByName(request.environment, request.actor, customization(method, root!.name, part?.name));
  const asked = { request, maker: makerOf(request), segments };
  if (root!.name === "RelationshipDefinitions") return relationshipRoute(asked);
  if (root!.name === "GlobalOptionSetDefinitions") return optionSetRoute(asked);
  if (!part) return tableRoute(asked);
  if (root!.key === undefined) throw errors.noSuchSegment(part.name);
  const table = tableByKey(request.environment, root!.key);
  if (part.name === "Attributes" || part.name === "Keys") return partRoute(asked, table, part, part.name);
  if (own(tableNode(request.environment, table).navigations, part.name)) throw errors.wrongVerb(method);
  throw errors.noSuchSegment(part.name);
}

/** The privilege a change of the schema needs, as in `prvCreateAttribute`; keys are parts of their table. */
function customization(method: "POST" | "PUT" | "DELETE", root: string, part: string | undefined): string {
  const right = { POST: "Create", PUT: "Write", DELETE: "Delete" }[method];
  if (root === "RelationshipDefinitions") return `prv${right}Relationship`;
  if (root === "GlobalOptionSetDefinitions") return `prv${right}OptionSet`;
  if (part === "Attributes") return `prv${right}Attribute`;
  return part === undefined ? `prv${right}Entity` : "prvWriteEntity";
}

function made(request: ApiRequest, path: string): Reply {
  return noContent(1, { "OData-EntityId": `${request.base}/${path}` });
}

/** The answer to PUT names the definition as the request did (web-api-metadata-operations-sample.md). */
function replaced({ request, segments }: Asked): Reply {
  const named = segments.filter((segment) => segment.key !== undefined);
  return made(request, named.map(addressOf).join("/"));
}

function addressOf({ name, key }: Segment): string {
  return `${name}(${key})`;
}

function tableRoute(asked: Asked): Reply {
  const { request, maker, segments } = asked;
  const { method } = request.call;
  const key = segments[0]!.key;
  if (method === "POST" && key === undefined) {
    const table = createTable(maker, jsonBody(request, "EntityDefinitions"));
    return made(request, `EntityDefinitions(${table.id})`);
  }
  if (key === undefined || method === "POST") throw errors.wrongVerb(method);
  const table = tableByKey(maker.environment, key);
  if (method === "PUT") {
    updateTable(maker, table, jsonBody(request, "EntityDefinitions"));
    return replaced(asked);
  }
  dropTable(maker.environment, table);
  return noContent(1);
}

function partRoute(asked: Asked, table: Table, part: Segment, kind: "Attributes" | "Keys"): Reply {
  const { request, maker } = asked;
  const { method } = request.call;
  const below = lastAllowed(asked, 2);
  if (method === "POST" && part.key === undefined && !below) {
    const body = jsonBody(request, "EntityDefinitions");
    const { id } = kind === "Keys" ? createKey(maker, table, body) : createColumn(maker, table, body);
    return made(request, `${addressOf(asked.segments[0]!)}/${kind}(${id})`);
  }
  if (part.key === undefined || method === "POST") throw errors.wrongVerb(method);
  const nodes = tableNode(maker.environment, table).navigations[kind]!() as MetadataNode[];
  const name = String(one(nodes, part.key, kind).properties.LogicalName);
  if (kind === "Keys") {
    if (method !== "DELETE") throw errors.wrongVerb(method);
    dropKey(maker.environment, table, name);
  } else if (method === "PUT") {
    updateColumn(maker, table, table.columns.get(name)!, jsonBody(request, "EntityDefinitions"));
    return replaced(asked);
  } else dropColumn(maker.environment, table, name);
  return noContent(1);
}

/** A cast may follow what is written; nothing else. */
function lastAllowed({ segments }: Asked, depth: number): Segment | undefined {
  const below = segments[depth];
  if (below && (segments.length > depth + 1 || !below.name.startsWith("Microsoft.Dynamics.CRM."))) {
    throw errors.noSuchSegment(below.name);
  }
  return below;
}

function relationshipRoute(asked: Asked): Reply {
  const { request, maker, segments } = asked;
  const { method } = request.call;
  const { environment } = maker;
  const { key } = segments[0]!;
  lastAllowed(asked, 1);
  if (method === "POST" && key === undefined) {
    return made(
      request,
      `RelationshipDefinitions(${createRelationship(maker, jsonBody(request, "RelationshipDefinitions"))})`,
    );
  }
  if (key === undefined || method === "POST") throw errors.wrongVerb(method);
  const id = String(one(allRelations(environment), key, "RelationshipDefinitions").properties.MetadataId);
  if (method === "DELETE") {
    dropRelationship(environment, id);
    return noContent(1);
  }
  const body = jsonBody(request, "RelationshipDefinitions");
  for (const table of environment.tables.values()) {
    const relation = table.relations.find((each) => relationId(each) === id);
    if (relation) updateRelation(environment, table, relation, body);
  }
  return replaced(asked);
}

function optionSetRoute(asked: Asked): Reply {
  const { request, maker, segments } = asked;
  const { method } = request.call;
  const { environment } = maker;
  const { key } = segments[0]!;
  lastAllowed(asked, 1);
  if (method === "POST" && key === undefined) {
    const set = createGlobalSet(maker, jsonBody(request, "GlobalOptionSetDefinitions"));
    return made(request, `GlobalOptionSetDefinitions(${set.id})`);
  }
  if (key === undefined || method === "POST") throw errors.wrongVerb(method);
  const name = /^\s*Name\s*=\s*'(.*)'\s*$/.exec(key)?.[1];
  const set = [...environment.optionSets.values()].find((each) =>
    name === undefined ? each.id === key.toLowerCase() : each.name === name,
  );
  if (!set) throw errors.missing("OptionSetMetadata", name ?? key);
  if (method === "PUT") {
    updateGlobalSet(maker, set, jsonBody(request, "GlobalOptionSetDefinitions"));
    return replaced(asked);
  }
  dropGlobalSet(environment, set);
  return noContent(1);
}
