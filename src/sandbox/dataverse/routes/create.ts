import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { parseOptions } from "../query/options.ts";
import { requireType } from "../records/draft.ts";
import { createRelated, createRow } from "../records/write.ts";
import { collectionNavigation } from "../relationships.ts";
import { type ApiRequest, applied, jsonBody, noContent, transact } from "../request.ts";
import type { Row } from "../row.ts";
import { rowAddress, sessionToken } from "./partition.ts";
import { checkRepresentation, representation } from "./representation.ts";

const SOURCE = "dataverse.md section 4; create-entity-web-api.md";

export const CREATE_OPERATIONS: Operation[] = [
  { name: "POST table", does: "creates a row, also with an id of the client's own", source: SOURCE },
  { name: "POST collection", does: "creates a row that is in a collection of another from the start", source: SOURCE },
  { name: "Deep insert", does: "creates related rows nested in the body, in one transaction", source: SOURCE },
  {
    name: "Activity parties",
    does: "made within their activity, read as its collection or by themselves, and written by no message of their own",
    source: "activityparty-entity.md; activityparty table reference",
  },
  { name: "@odata.bind", does: "sets a lookup, or on creation fills a collection, by reference", source: SOURCE },
];

/** `POST /{set}`. */
export function createRecord(request: ApiRequest, table: Table): Reply {
  const body = jsonBody(request, table.set);
  requireType(table, body);
  return created(request, table, () => transact(request, (tx) => createRow(tx, table, body)));
}

/** `POST /{set}(key)/{collection}`: the new row's lookup, or a pair, leads to `row`. */
export function createInCollection(request: ApiRequest, table: Table, row: Row, name: string): Reply {
  const collection = collectionNavigation(request.environment, table, name);
  if (!collection) throw errors.wrongVerb(request.call.method);
  const body = jsonBody(request, collection.other.set);
  requireType(collection.other, body);
  return created(request, collection.other, () =>
    transact(request, (tx) => createRelated(tx, table, row, collection, body)),
  );
}

/** 204 with the address of the new row, or 201 with the row itself and no such header. */
function created(request: ApiRequest, table: Table, create: () => Row): Reply {
  const options = parseOptions(request.call.query);
  checkRepresentation(request, table, options);
  const row = create();
  const token = sessionToken(request, table);
  if (!request.prefer.representation) {
    const address = `${request.base}/${rowAddress(table, row)}`;
    return noContent(1, { "OData-EntityId": address, ...token, ...applied(request, {}) });
  }
  const reply = representation(request, table, row, options, 201);
  return { ...reply, headers: { ...reply.headers, ...token }, rows: 1 };
}
