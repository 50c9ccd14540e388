import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import type { Table } from "../model.ts";
import { compileFilter } from "../query/evaluate.ts";
import { parseOptions, type QueryOptions } from "../query/options.ts";
import { parseFilter } from "../query/parser.ts";
import { type ApiRequest, jsonBody, noContent, odata } from "../request.ts";
import type { Segment } from "../wire/address.ts";
import { derivedTypes } from "./column-node.ts";
import { createColumn, dropColumn } from "./create-column.ts";
import { createKey, dropKey } from "./create-key.ts";
import { createTable } from "./create-table.ts";
import { type MetadataNode, parseExpand, renderNode } from "./node.ts";
import { tableNode } from "./table-node.ts";

const CRM = "Microsoft.Dynamics.CRM.";

/** Everything under `EntityDefinitions` (dataverse.md section 3). */
export function metadataRoute(request: ApiRequest, segments: Segment[]): Reply {
  const { method } = request.call;
  if (method === "GET") return readMetadata(request, segments);
  const [root, part, ...more] = segments;
  if (method === "POST" && root!.key === undefined && !part) {
    const table = createTable(request, jsonBody(request, "EntityDefinitions"));
    return noContent(1, { "OData-EntityId": `${request.base}/EntityDefinitions(${table.id})` });
  }
  const table = root!.key === undefined ? undefined : tableByKey(request, root!.key);
  if (!table || !part || more.length > 0) throw errors.notBuilt(`${method} of this part of EntityDefinitions`);
  if (method === "POST" && part.key === undefined && (part.name === "Attributes" || part.name === "Keys")) {
    const body = jsonBody(request, "EntityDefinitions");
    const made = part.name === "Keys" ? createKey(request, table, body) : createColumn(request, table, body);
    return noContent(1, {
      "OData-EntityId": `${request.base}/EntityDefinitions(${table.id})/${part.name}(${made.id})`,
    });
  }
  if (method === "DELETE" && part.key !== undefined && (part.name === "Attributes" || part.name === "Keys")) {
    const node = one(
      tableNode(request.environment, table).navigations[part.name]!() as MetadataNode[],
      part.key,
      part.name,
    );
    const name = String(node.properties.LogicalName);
    if (part.name === "Keys") dropKey(request, table, name);
    else dropColumn(request, table, name);
    return noContent(1);
  }
  throw errors.notBuilt(`${method} of '${part.name}' of EntityDefinitions`);
}

function tableByKey(request: ApiRequest, key: string): Table {
  const name = /^LogicalName='(.*)'$/.exec(key)?.[1];
  const wanted = key.toLowerCase();
  for (const table of request.environment.tables.values()) {
    if (name === undefined ? table.id === wanted : table.name === name) return table;
  }
  throw errors.missing("EntityMetadata", name ?? key);
}

type Place = { nodes: MetadataNode | MetadataNode[]; cast: boolean; context: string };

function readMetadata(request: ApiRequest, segments: Segment[]): Reply {
  const options = parseOptions(request.call.query);
  for (const [name, given] of [
    ["$top", options.top],
    ["$orderby", options.orderby],
  ] as const) {
    if (given !== undefined)
      throw errors.badQuery(`The query parameter ${name} is not supported on metadata entities.`);
  }
  const [root, ...rest] = segments;
  const { environment } = request;
  let place: Place =
    root!.key === undefined
      ? {
          nodes: [...environment.tables.values()].map((table) => tableNode(environment, table)),
          cast: false,
          context: "EntityDefinitions",
        }
      : { nodes: tableNode(environment, tableByKey(request, root!.key)), cast: false, context: "EntityDefinitions" };
  for (const segment of rest) {
    const step = stepInto(place, segment);
    if (step === undefined) return odata(200, JSON.stringify(propertyAnswer(request, place, segment)));
    place = step;
  }
  return odata(200, JSON.stringify(answer(request, place, options)));
}

/** One step along the path: a cast, a navigation, or one member of a list. Undefined: it is a plain property. */
function stepInto(place: Place, segment: Segment): Place | undefined {
  if (segment.name.startsWith(CRM)) {
    const type = segment.name.slice(CRM.length);
    if (!derivedTypes.has(type)) {
      throw errors.badQuery(
        `The type '${segment.name}' specified in the URI is neither a base type nor a sub-type of the previously-specified type 'Microsoft.Dynamics.CRM.AttributeMetadata'.`,
      );
    }
    const fits = (node: MetadataNode) => node.type === type;
    const nodes = Array.isArray(place.nodes) ? place.nodes.filter(fits) : place.nodes;
    if (!Array.isArray(nodes) && !fits(nodes)) throw errors.noSuchSegment(segment.name);
    return { nodes, cast: true, context: `${place.context}/${segment.name}` };
  }
  if (Array.isArray(place.nodes)) throw errors.noSuchSegment(segment.name);
  const navigation =
    place.nodes.navigations[segment.name] ?? (place.cast ? place.nodes.typedNavigations[segment.name] : undefined);
  if (!navigation) {
    if (segment.key === undefined && segment.name in place.nodes.properties) return undefined;
    throw errors.noSuchSegment(segment.name);
  }
  const inner = navigation();
  if (inner === null) throw errors.missing(segment.name, "null");
  const nodes = segment.key === undefined ? inner : one(inner as MetadataNode[], segment.key, segment.name);
  return { nodes, cast: false, context: `${place.context}/${segment.name}` };
}

/** The member with this LogicalName, SchemaName or MetadataId. */
function one(nodes: MetadataNode[], key: string, what: string): MetadataNode {
  const named = /^(LogicalName|SchemaName)='(.*)'$/.exec(key);
  if (!named && !GUID.test(key)) throw errors.badAddress("Bad Request - Error in query syntax.");
  const [, property, value] = named ?? [undefined, "MetadataId", key.toLowerCase()];
  const found = nodes.find((node) => node.properties[property!] === value);
  if (!found) throw errors.missing(what, String(value));
  return found;
}

function propertyAnswer(request: ApiRequest, place: Place, segment: Segment): Record<string, unknown> {
  const value = (place.nodes as MetadataNode).properties[segment.name];
  const context = { "@odata.context": `${request.base}/$metadata#${place.context}/${segment.name}` };
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...context, ...value }
    : { ...context, value };
}

function answer(request: ApiRequest, place: Place, options: QueryOptions): Record<string, unknown> {
  const expand = parseExpand(options.expand);
  const select = options.select;
  const context = `${request.base}/$metadata#${place.context}${select ? `(${select.join(",")})` : ""}`;
  if (!Array.isArray(place.nodes)) {
    return { "@odata.context": `${context}/$entity`, ...renderNode(place.nodes, select, expand, place.cast) };
  }
  const nodes = options.filter === undefined ? place.nodes : place.nodes.filter(nodeFilter(options, place));
  const value = nodes.map((node) => renderNode(node, select, expand, place.cast));
  return { "@odata.context": context, ...(options.count ? { "@odata.count": value.length } : {}), value };
}

/** $filter on primitive and enum properties, also inside managed ones (`RequiredLevel/Value`). */
function nodeFilter(options: QueryOptions, place: Place): (node: MetadataNode) => boolean {
  const sample = (place.nodes as MetadataNode[])[0];
  const valueAt = (node: MetadataNode, path: string[]): unknown => {
    const known = place.cast ? { ...node.properties, ...node.typed } : node.properties;
    return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], known);
  };
  return compileFilter<MetadataNode>(parseFilter(options.filter!, options.aliases), (path) => {
    const found = sample && valueAt(sample, path);
    if (sample && (found === undefined || (typeof found === "object" && found !== null))) {
      throw errors.noSuchProperty(path.join("/"), sample.type);
    }
    const type =
      path.at(-1) === "MetadataId"
        ? "guid"
        : typeof found === "number"
          ? "number"
          : typeof found === "boolean"
            ? "boolean"
            : "string";
    return { type, get: (node) => (valueAt(node, path) ?? null) as string | number | boolean | null };
  });
}
