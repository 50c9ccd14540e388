import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { read, readTarget, type Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { associate, disassociate, relatedRows } from "../records/links.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { findRow, missing, parsePredicate, parseReference } from "../records/references.ts";
import { updateRow } from "../records/write.ts";
import {
  type CollectionNavigation,
  collectionNavigation,
  isAbsentCollection,
  type SingleNavigation,
  singleNavigation,
} from "../relationships.ts";
import { type ApiRequest, jsonBody, noContent, odata, transact } from "../request.ts";
import { idOf, type Row, SEQUENCE } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { addressedKey, sessionToken } from "./partition.ts";
import { existing } from "./record.ts";

const SOURCE = "dataverse.md section 4; associate-disassociate-entities-using-web-api.md";

export const REFERENCE_OPERATIONS: Operation[] = [
  { name: "POST collection/$ref", does: "associates a row (1:N and N:N)", source: SOURCE },
  { name: "DELETE collection(id)/$ref", does: "takes a row out of a collection", source: SOURCE },
  { name: "DELETE collection/$ref?$id=", does: "the same, the row named by its address", source: SOURCE },
  { name: "PUT lookup/$ref", does: "sets a lookup", source: SOURCE },
  { name: "DELETE lookup/$ref", does: "clears a lookup", source: SOURCE },
  { name: "GET collection/$ref", does: "the addresses of the rows in a collection, in pages", source: "OData 4.0" },
  {
    name: "GET lookup/$ref",
    does: "the address of the row a lookup holds; 204 when it holds none",
    source: "OData 4.0",
  },
];

/** References in one page; the same limit as for rows (dataverse.md section 6). */
const PAGE = 5000;

/** `/{set}(key)/{navigation}/$ref` and `/{set}(key)/{collection}({key})/$ref`: references instead of rows. */
export function referenceRoute(request: ApiRequest, table: Table, segment: Segment, navigation: Segment): Reply {
  const { environment } = request;
  const row = existing(table, addressedKey(request, table, segment.key!));
  const collection = collectionNavigation(environment, table, navigation.name);
  if (collection) return collectionReference(request, table, row, collection, navigation);
  if (navigation.key !== undefined) throw errors.invalidAfter("$ref", navigation.name);
  const single = singleNavigation(environment, table, navigation.name);
  if (single) return singleReference(request, table, row, single);
  const known = table.relations.some((each) => each.navigation === navigation.name);
  if (known || isAbsentCollection(table, navigation.name)) {
    throw errors.notBuilt(`The table behind '${navigation.name}' of ${table.set}`);
  }
  throw errors.invalidAfter("$ref", navigation.name);
}

function singleReference(request: ApiRequest, table: Table, row: Row, { relation, column }: SingleNavigation): Reply {
  const bind = `${relation.navigation}@odata.bind`;
  switch (request.call.method) {
    case "GET": {
      requirePrivilege(request, table, "Read");
      const id = read(row, column);
      const pointed = readTarget(row, column);
      const target = request.environment.tables.get(pointed ?? "");
      if (id === null || !target || (relation.target !== "owner" && relation.target !== pointed)) return noContent(0);
      const context = `${request.base}/$metadata#$ref`;
      return odata(
        200,
        JSON.stringify({ "@odata.context": context, "@odata.id": `${request.base}/${target.set}(${id})` }),
      );
    }
    case "PUT": {
      const reference = referenceIn(request, table);
      transact(request, (tx) => updateRow(tx, table, row, { [bind]: reference }));
      return noContent(1, sessionToken(request, table));
    }
    case "DELETE":
      transact(request, (tx) => updateRow(tx, table, row, { [bind]: null }));
      return noContent(1, sessionToken(request, table));
    default:
      throw errors.wrongVerb(request.call.method);
  }
}

function collectionReference(
  request: ApiRequest,
  table: Table,
  row: Row,
  collection: CollectionNavigation,
  navigation: Segment,
): Reply {
  const { method, query } = request.call;
  if (method === "GET" && navigation.key === undefined) return references(request, table, row, collection);
  if (method === "POST" && navigation.key === undefined) {
    const other = referencedRow(request, table, collection, referenceIn(request, table));
    transact(request, (tx) => associate(tx, table, collection, row, other));
    return noContent(1);
  }
  if (method !== "DELETE") throw errors.wrongVerb(method);
  const other =
    navigation.key === undefined
      ? referencedRow(request, table, collection, new Map(pairs(query)).get("$id"))
      : existing(collection.other, parsePredicate(collection.other, navigation.key));
  transact(request, (tx) => disassociate(tx, table, collection, row, other));
  return noContent(1);
}

function referenceIn(request: ApiRequest, table: Table): string {
  const reference = jsonBody(request, table.set)["@odata.id"];
  if (typeof reference === "string") return reference;
  throw errors.badJson(table.set, "The property '@odata.id' was not found or is no string.");
}

function referencedRow(
  request: ApiRequest,
  table: Table,
  collection: CollectionNavigation,
  reference: string | undefined,
): Row {
  if (reference === undefined) throw errors.badAddress("The query option '$id' must name the row to disassociate.");
  const { table: other, key } = parseReference(request.environment, reference);
  if (other !== collection.other) {
    throw errors.wrongTarget(table.set, reference, other.name, collection.name, [collection.other.name]);
  }
  const row = findRow(other, key);
  if (!row) throw missing(other, key);
  return row;
}

function references(request: ApiRequest, table: Table, row: Row, collection: CollectionNavigation): Reply {
  requirePrivilege(request, table, "Read");
  requirePrivilege(request, collection.other, "Read");
  const start = Number(new Map(pairs(request.call.query)).get("$skiptoken") ?? 0) || 0;
  const rows = relatedRows(table, collection, row).sort((a, b) => Number(a[SEQUENCE]) - Number(b[SEQUENCE]));
  const size = request.prefer.maxPageSize ?? PAGE;
  const address = (each: Row) => `${request.base}/${collection.other.set}(${idOf(each)})`;
  const body: Record<string, unknown> = {
    "@odata.context": `${request.base}/$metadata#Collection($ref)`,
    value: rows.slice(start, start + size).map((each) => ({ "@odata.id": address(each) })),
  };
  if (rows.length > start + size) {
    const here = `${request.base}/${table.set}(${idOf(row)})/${collection.name}/$ref`;
    body["@odata.nextLink"] = `${here}?$skiptoken=${start + size}`;
  }
  return odata(200, JSON.stringify(body));
}
