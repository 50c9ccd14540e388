import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { applyPage } from "../query/apply.ts";
import { isPrincipal, linkedRow, noSuchNavigation } from "../query/fields.ts";
import { countRows, listFilter, listPage } from "../query/list.ts";
import { parseOptions } from "../query/options.ts";
import { relatedRows } from "../records/links.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { findRow, missing, parsePredicate } from "../records/references.ts";
import {
  type CollectionNavigation,
  collectionNavigation,
  type SingleNavigation,
  singleNavigation,
} from "../relationships.ts";
import { type ApiRequest, applied, noContent, odata } from "../request.ts";
import { idOf, type Row, SEQUENCE } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { addressedKey } from "./partition.ts";
import { propertyRoute } from "./property.ts";
import { existing } from "./record.ts";
import { checkRepresentation, representation } from "./representation.ts";
import { countReply, listRequest } from "./table.ts";

const CRM = "Microsoft.Dynamics.CRM.";
const SOURCE = "query/overview.md (filtered collections); OData 4.0 URL conventions";

export const NAVIGATION_OPERATIONS: Operation[] = [
  {
    name: "GET lookup",
    does: "the row a lookup leads to, also cast to its type; 204 when it is empty",
    source: SOURCE,
  },
  { name: "GET lookup/column", does: "one property of that row, over as many steps as there are", source: SOURCE },
  { name: "GET collection", does: "a row's 1:N or N:N collection, with every query option and pages", source: SOURCE },
  { name: "GET collection/$count", does: "how many rows it has, filtered", source: SOURCE },
  { name: "GET collection(id)", does: "one row of it; 404 when it is not in it", source: SOURCE },
];

/** Where a path has led to so far. */
type Place = { table: Table; row: Row };
type Step = { single: SingleNavigation } | { collection: CollectionNavigation };

/**
 * `GET /{set}(key)/{navigation}...`: the row a lookup leads to (204 when it is empty), a collection with every query
 * option and `/$count`, one row of it, and so on from there; casts to a row's own type. Undefined when the path goes
 * to no navigation property. Source: query/overview.md (filtered collections), OData 4.0 URL conventions.
 */
export function navigationRoute(request: ApiRequest, table: Table, first: Segment, rest: Segment[]): Reply | undefined {
  if (!stepFrom(request, table, rest[0]!.name)) return undefined;
  let place: Place | undefined = { table, row: existing(table, addressedKey(request, table, first.key!)) };
  requirePrivilege(request, table, "Read");
  for (const [n, segment] of rest.entries()) {
    if (!place) throw errors.noSuchSegment(segment.name);
    if (segment.name.startsWith(CRM)) {
      checkCast(place.table, segment);
      continue;
    }
    const step = stepFrom(request, place.table, segment.name);
    const after = rest.slice(n + 1);
    if (!step) return lastProperty(request, place, segment, after);
    if ("collection" in step && segment.key === undefined) {
      return collectionReply(request, place, step.collection, after);
    }
    place =
      "collection" in step ? member(place, step.collection, segment) : follow(request, place, step.single, segment);
    if (place) requirePrivilege(request, place.table, "Read");
  }
  if (!place) return noContent(0);
  const options = parseOptions(request.call.query);
  checkRepresentation(request, place.table, options);
  return representation(request, place.table, place.row, options, 200);
}

function stepFrom(request: ApiRequest, table: Table, name: string): Step | undefined {
  const single = singleNavigation(request.environment, table, name);
  if (single) return { single };
  const collection = collectionNavigation(request.environment, table, name);
  if (collection) return { collection };
  // A property may have the name of a lookup whose table is missing.
  const lookup = table.relations.some((each) => each.navigation === name);
  if (lookup && !table.columns.has(name)) throw noSuchNavigation(table, name);
  return undefined;
}

function follow(request: ApiRequest, place: Place, single: SingleNavigation, segment: Segment): Place | undefined {
  if (segment.key !== undefined) throw errors.badAddress("Bad Request - Error in query syntax.");
  return linkedRow(request.environment, single, place.row);
}

function member({ table, row }: Place, collection: CollectionNavigation, segment: Segment): Place {
  const key = parsePredicate(collection.other, segment.key!);
  const found = findRow(collection.other, key);
  if (!found || !relatedRows(table, collection, row).includes(found)) throw missing(collection.other, key);
  return { table: collection.other, row: found };
}

function collectionReply(
  request: ApiRequest,
  { table, row }: Place,
  collection: CollectionNavigation,
  after: Segment[],
): Reply {
  const { other } = collection;
  const [next, ...more] = after[0]?.name.startsWith(CRM) ? after.slice(1) : after;
  if (after[0]?.name.startsWith(CRM)) checkCast(other, after[0]);
  const counted = next?.name === "$count";
  if (next && (!counted || more.length > 0)) throw errors.noSuchSegment((counted ? more[0]! : next).name);
  const rows = relatedRows(table, collection, row).sort((a, b) => Number(a[SEQUENCE]) - Number(b[SEQUENCE]));
  const list = listRequest(request, other, `${table.set}(${idOf(row)})/${collection.name}`, rows);
  if (counted) return countReply(countRows(list, listFilter(list)));
  const body = list.options.apply === undefined ? listPage(list) : applyPage(list);
  return odata(200, body, applied(request, { list: true }));
}

/** Only a row's own type will do; other types are no sub-types of it. */
function checkCast(table: Table, segment: Segment): void {
  if (segment.name === `${CRM}${table.name}`) return;
  throw errors.badCast(segment.name, isPrincipal(table) ? "principal" : table.name);
}

function lastProperty(request: ApiRequest, { table, row }: Place, segment: Segment, after: Segment[]): Reply {
  if (after.length > 0) throw errors.noSuchSegment(after[0]!.name);
  if (segment.key !== undefined) throw errors.noSuchSegment(segment.name);
  return propertyRoute(request, table, { name: table.set, key: idOf(row), raw: "" }, segment.name);
}
