import type { Reply } from "../../http/exchange.ts";
import { own } from "../../own.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import type { Table } from "../model.ts";
import { pairs, parseOptions, type QueryOptions } from "../query/options.ts";
import { type ApiRequest, odata } from "../request.ts";
import { isKnownTable } from "../routes/known-names.ts";
import type { Segment } from "../wire/address.ts";
import { baseType, FAMILIES, isExact, type MetadataNode } from "./node.ts";
import { nodeFilter } from "./node-filter.ts";
import { globalOptionSet } from "./option-set-node.ts";
import { allRelations } from "./relation-node.ts";
import { parseExpand, renderNode, shownText } from "./render.ts";
import { tableNode } from "./table-node.ts";

const CRM = "Microsoft.Dynamics.CRM.";

/** Where an address has led so far. `cast`: the properties of the derived type may be named. */
type Place = {
  nodes: MetadataNode | MetadataNode[];
  cast: boolean;
  context: string;
  /** `('account')` or `(id)` of a single one, which the context of what is below it shows. */
  key?: string;
};

/** The sets of metadata by name (dataverse.md section 3). */
const SETS: Record<string, (environment: Environment) => MetadataNode[]> = {
  EntityDefinitions: (environment) => [...environment.tables.values()].map((table) => tableNode(environment, table)),
  RelationshipDefinitions: allRelations,
  GlobalOptionSetDefinitions: (environment) => [...environment.optionSets.values()].map(globalOptionSet),
};

/** `GET` of anything that begins with a metadata set: lists, single ones, casts, navigations, properties. */
export function readMetadata(request: ApiRequest, segments: Segment[]): Reply {
  const options = parseOptions(request.call.query);
  for (const [name, given] of [
    ["$top", options.top],
    ["$orderby", options.orderby],
    ["$apply", options.apply],
    ["$skiptoken", options.skiptoken],
    ["$deltatoken", options.deltatoken],
  ] as const) {
    if (given !== undefined)
      throw errors.badQuery(`The query parameter ${name} is not supported on metadata entities.`);
  }
  const languages = pairs(request.call.query).find(([name]) => name === "LabelLanguages")?.[1];
  if (languages !== undefined && languages !== "1033") {
    throw errors.notBuilt(`A label in another language than 1033 (LabelLanguages=${languages.slice(0, 100)})`);
  }
  const [root, ...rest] = segments;
  let place: Place = {
    nodes: nodesOf(request.environment, root!),
    cast: false,
    context: root!.name,
    ...keyOf(root!),
  };
  for (const [n, segment] of rest.entries()) {
    const step = stepInto(place, segment);
    if (step === undefined) {
      if (rest.length > n + 1) throw errors.noSuchSegment(rest[n + 1]!.name);
      return odata(200, JSON.stringify(propertyAnswer(request, place, segment)));
    }
    place = step;
  }
  return odata(200, JSON.stringify(answer(request, place, options)));
}

function nodesOf(environment: Environment, root: Segment): MetadataNode | MetadataNode[] {
  const all = SETS[root.name]!;
  if (root.key === undefined) return all(environment);
  // One table of many is asked for so often that the others are not described for it.
  if (root.name === "EntityDefinitions") return tableNode(environment, tableByKey(environment, root.key));
  return one(all(environment), root.key, root.name);
}

/** The table of `EntityDefinitions(<key>)`. Throws the documented 404. */
export function tableByKey(environment: Environment, key: string): Table {
  const name = /^\s*LogicalName\s*=\s*'(.*)'\s*$/.exec(key)?.[1];
  if (name === undefined && !GUID.test(key)) throw errors.badAddress("Bad Request - Error in query syntax.");
  const wanted = key.toLowerCase();
  for (const table of environment.tables.values()) {
    if (name === undefined ? table.id === wanted : table.name === name) return table;
  }
  if (name !== undefined && isKnownTable(name)) throw errors.notBuilt(`The table '${name}'`);
  throw errors.missing("EntityMetadata", name ?? key);
}

/** The member with this LogicalName, SchemaName, Name or MetadataId. */
export function one(nodes: MetadataNode[], key: string, what: string): MetadataNode {
  const named = /^\s*(LogicalName|SchemaName|Name|MetadataId)\s*=\s*'?([^']*)'?\s*$/.exec(key);
  if (!named && !GUID.test(key)) throw errors.badAddress("Bad Request - Error in query syntax.");
  const [, property, value] = named ?? [undefined, "MetadataId", key.toLowerCase()];
  const found = nodes.find((node) => node.properties[property!] === value);
  if (!found) throw errors.missing(what, String(value));
  return found;
}

/** One step along the path: a cast, a navigation, or one member of a list. Undefined: it is a plain property. */
function stepInto(place: Place, segment: Segment): Place | undefined {
  if (segment.name.startsWith(CRM)) return castTo(place, segment);
  if (Array.isArray(place.nodes)) throw errors.noSuchSegment(segment.name);
  const { nodes: node } = place;
  const navigation =
    own(node.navigations, segment.name) ?? (place.cast ? own(node.typedNavigations, segment.name) : undefined);
  const context = `${place.context}${place.key ?? ""}/${segment.name}`;
  if (!navigation) {
    const known = Object.hasOwn(node.properties, segment.name) || Object.hasOwn(node.typed, segment.name);
    if (segment.key === undefined && known) return undefined;
    throw errors.noSuchSegment(segment.name);
  }
  const inner = navigation();
  if (inner === null) throw errors.missing(segment.name, "null");
  if (segment.key === undefined) return { nodes: inner, cast: isExact(segment.name), context };
  if (!Array.isArray(inner)) throw errors.noSuchSegment(segment.name);
  return { nodes: one(inner, segment.key, segment.name), cast: isExact(segment.name), context, ...keyOf(segment) };
}

function keyOf({ key }: Segment): Pick<Place, "key"> {
  return key === undefined ? {} : { key: `(${key.slice(key.indexOf("=") + 1).trim()})` };
}

function castTo(place: Place, segment: Segment): Place {
  const type = segment.name.slice(CRM.length);
  const sample = Array.isArray(place.nodes) ? place.nodes[0] : place.nodes;
  const declared = sample && baseType(sample.type);
  const family = Object.values(FAMILIES).find((types) => types.includes(type));
  if (!family || (declared !== undefined && !FAMILIES[declared]?.includes(type))) {
    throw errors.badQuery(
      `The type '${segment.name}' specified in the URI is neither a base type nor a sub-type of the previously-specified type 'Microsoft.Dynamics.CRM.${declared ?? "MetadataBase"}'.`,
    );
  }
  const context = `${place.context}/${segment.name}`;
  const fits = (node: MetadataNode) => node.type === type;
  if (Array.isArray(place.nodes)) {
    const nodes = place.nodes.filter(fits);
    if (segment.key === undefined) return { nodes, cast: true, context };
    return { nodes: one(nodes, segment.key, segment.name), cast: true, context };
  }
  if (!fits(place.nodes)) throw errors.noSuchSegment(segment.name);
  return { ...place, cast: true, context };
}

function propertyAnswer(request: ApiRequest, place: Place, segment: Segment): Record<string, unknown> {
  const node = place.nodes as MetadataNode;
  const value = Object.hasOwn(node.properties, segment.name) ? node.properties[segment.name] : node.typed[segment.name];
  const context = { "@odata.context": `${request.base}/$metadata#${place.context}${place.key ?? ""}/${segment.name}` };
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...context, ...value }
    : { ...context, value };
}

function answer(request: ApiRequest, place: Place, options: QueryOptions): Record<string, unknown> {
  const expand = parseExpand(options.expand);
  const { select } = options;
  const context = `${request.base}/$metadata#${place.context}${shownText(select, expand)}`;
  if (!Array.isArray(place.nodes)) {
    if (options.filter !== undefined) throw errors.badQuery("The query parameter $filter needs a list.");
    return { "@odata.context": `${context}/$entity`, ...renderNode(place.nodes, select, expand, place.cast) };
  }
  const nodes =
    options.filter === undefined
      ? place.nodes
      : place.nodes.filter(nodeFilter(options.filter, options.aliases, place.nodes, place.cast));
  const value = nodes.map((node) => renderNode(node, select, expand, place.cast));
  return { "@odata.context": context, ...(options.count ? { "@odata.count": value.length } : {}), value };
}
