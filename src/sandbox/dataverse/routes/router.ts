import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { metadataRoute } from "../metadata/route.ts";
import type { Table } from "../model.ts";
import { tableOfSet } from "../records/references.ts";
import { type ApiRequest, odata } from "../request.ts";
import { parseSegments, type Segment } from "../wire/address.ts";
import { BULK_ACTIONS } from "./bulk.ts";
import { sdkMessageFilters, totalRecordCount, whoAmI } from "./functions.ts";
import { NOT_BUILT_BOUND, NOT_BUILT_ROOTS } from "./not-built.ts";
import { propertyRoute, referenceRoute } from "./property.ts";
import { recordRoute } from "./record.ts";
import { countRoute, tableRoute } from "./table.ts";

const CRM = "Microsoft.Dynamics.CRM.";

/** Finds what an address behind `/api/data/vX/` means, and lets it answer. Throws the documented 404 otherwise. */
export function route(request: ApiRequest, path: string): Reply {
  const segments = parseSegments(path);
  const [first, ...rest] = segments;
  if (!first) return serviceRoot(request);
  if (first.name === "WhoAmI" && rest.length === 0) return whoAmI(request);
  if (first.name === "RetrieveTotalRecordCount" && rest.length === 0) return totalRecordCount(request, first.key ?? "");
  if (first.name === "sdkmessagefilters" && rest.length === 0 && first.key === undefined)
    return sdkMessageFilters(request);
  if (first.name === "EntityDefinitions") return metadataRoute(request, segments);
  if (NOT_BUILT_ROOTS.has(first.name)) throw errors.notBuilt(`'${first.name}'`);
  const table = tableOfSet(request.environment, first.name);
  return first.key === undefined ? setRoute(request, table, rest) : rowRoute(request, table, first, rest);
}

function serviceRoot(request: ApiRequest): Reply {
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  const value = [...request.environment.sets.keys(), "EntityDefinitions", "sdkmessagefilters"]
    .sort()
    .map((name) => ({ name, kind: "EntitySet", url: name }));
  return odata(200, JSON.stringify({ "@odata.context": `${request.base}/$metadata`, value }));
}

function setRoute(request: ApiRequest, table: Table, rest: Segment[]): Reply {
  const [next, ...more] = rest;
  if (!next) return tableRoute(request, table);
  if (more.length > 0) throw errors.noSuchSegment(more[0]!.name);
  if (next.name === "$count") return countRoute(request, table);
  if (next.name.startsWith(CRM)) {
    const action = next.name.slice(CRM.length);
    const bulk = Object.hasOwn(BULK_ACTIONS, action) ? BULK_ACTIONS[action] : undefined;
    if (bulk) {
      if (request.call.method !== "POST") throw errors.noSuchResource(`${request.call.origin}${request.call.path}`);
      return bulk(request, table);
    }
    if (NOT_BUILT_BOUND.has(action)) throw errors.notBuilt(`'${action}'`);
  }
  throw errors.noSuchSegment(next.name);
}

function rowRoute(request: ApiRequest, table: Table, first: Segment, rest: Segment[]): Reply {
  const [next, ...more] = rest;
  if (!next) return recordRoute(request, table, first);
  if (next.name.startsWith(CRM)) {
    if (NOT_BUILT_BOUND.has(next.name.slice(CRM.length))) throw errors.notBuilt(`'${next.name}'`);
    throw errors.noSuchSegment(next.name);
  }
  if (next.key !== undefined) throw errors.notBuilt(`The collection '${next.name}' of a row`);
  if (more.length === 0) return propertyRoute(request, table, first, next.name);
  if (more.length === 1 && more[0]!.name === "$ref") return referenceRoute(request, table, first, next.name);
  if (more.length === 1 && more[0]!.name === "$value") throw errors.notBuilt("The raw value of a property ($value)");
  throw errors.noSuchSegment(more[0]!.name);
}
