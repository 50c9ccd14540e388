import type { Reply } from "../../http/exchange.ts";
import { own } from "../../own.ts";
import { executeCosmosSqlQuery } from "../cosmos/query.ts";
import { csdlRoute } from "../csdl/route.ts";
import { errors } from "../errors.ts";
import { FILE_MESSAGES } from "../files/messages.ts";
import { bulkDelete } from "../jobs/bulk-delete.ts";
import { METADATA_ACTIONS, validEnds } from "../metadata/actions.ts";
import { metadataRoute } from "../metadata/route.ts";
import type { Table } from "../model.ts";
import { tableOfSet } from "../records/references.ts";
import { type ApiRequest, odata } from "../request.ts";
import { rolePrivileges, SECURITY_BOUND } from "../security/messages.ts";
import { parseSegments, type Segment } from "../wire/address.ts";
import { BULK_ACTIONS } from "./bulk.ts";
import { CLOSE_ACTIONS } from "./close.ts";
import { publishDuplicateRule, retrieveDuplicates, unpublishDuplicateRule } from "./duplicates.ts";
import { KNOWN_MESSAGES, KNOWN_ROOTS, KNOWN_SETS } from "./known-names.ts";
import { addListMembers, LIST_ACTIONS } from "./list-actions.ts";
import { merge } from "./merge.ts";
import { navigationRoute } from "./navigation.ts";
import { ORGANIZATION_FUNCTIONS } from "./organization.ts";
import { propertyRoute, rawValueRoute } from "./property.ts";
import { qualifyLead } from "./qualify.ts";
import { recordRoute } from "./record.ts";
import { referenceRoute } from "./reference.ts";
import { countRoute, tableRoute } from "./table.ts";

const CRM = "Microsoft.Dynamics.CRM.";

/** What an address begins with when that is no table: `segments` is the whole address, the root first. */
type Root = (request: ApiRequest, segments: Segment[]) => Reply;
/** A function or action bound to a table (`contacts/Microsoft.Dynamics.CRM.CreateMultiple`). */
type SetOperation = (request: ApiRequest, table: Table, operation: Segment) => Reply;
/** One bound to a row: `row` is the segment that addresses it. */
type RowOperation = (request: ApiRequest, table: Table, row: Segment, operation: Segment) => Reply;

const ROOTS: Record<string, Root> = {
  AddListMembersList: alone(addListMembers),
  Merge: alone(merge),
  ...unbound(CLOSE_ACTIONS),
  ...Object.fromEntries(Object.entries(FILE_MESSAGES).map(([name, { handle }]) => [name, alone(handle)])),
  ExecuteCosmosSqlQuery: alone(executeCosmosSqlQuery),
  RetrieveDuplicates: alone(retrieveDuplicates),
  UnpublishDuplicateRule: alone(unpublishDuplicateRule),
  RetrieveRolePrivilegesRole: alone(rolePrivileges),
  $metadata: csdlRoute,
  EntityDefinitions: metadataRoute,
  RelationshipDefinitions: metadataRoute,
  GlobalOptionSetDefinitions: metadataRoute,
  GetValidManyToMany: alone(validEnds),
  GetValidReferencedEntities: alone(validEnds),
  GetValidReferencingEntities: alone(validEnds),
  BulkDelete: alone(bulkDelete),
  ...unbound(ORGANIZATION_FUNCTIONS),
  ...unbound(METADATA_ACTIONS),
};

const BOUND_TO_SET: Record<string, SetOperation> = BULK_ACTIONS;

const BOUND_TO_ROW: Record<string, RowOperation> = {
  ...LIST_ACTIONS,
  QualifyLead: qualifyLead,
  PublishDuplicateRule: publishDuplicateRule,
  ...SECURITY_BOUND,
};

/** Finds what an address behind `/api/data/vX/` means, and lets it answer. Throws the documented 404 otherwise. */
export function route(request: ApiRequest, path: string): Reply {
  const segments = parseSegments(path);
  const [first, ...rest] = segments;
  if (!first) return serviceRoot(request);
  const root = own(ROOTS, first.name);
  if (root) return root(request, segments);
  if (!request.environment.sets.has(first.name)) throw absent(first.name);
  const table = tableOfSet(request.environment, first.name);
  return first.key === undefined ? setRoute(request, table, rest) : rowRoute(request, table, first, rest);
}

/** What the router answers: functions and actions, bound or not, and the other roots of addresses. */
export const BUILT = new Set([ROOTS, BOUND_TO_SET, BOUND_TO_ROW].flatMap((operations) => Object.keys(operations)));

/** What Dataverse has and the sandbox lacks is a 501 that names it; a message found in another place, or nowhere, a 404. */
function absent(name: string): Error {
  const elsewhere = BUILT.has(name);
  if (!elsewhere && KNOWN_MESSAGES.has(name)) return errors.notBuilt(`The message '${name}'`);
  if (!elsewhere && KNOWN_SETS.has(name)) return errors.notBuilt(`The table behind '${name}'`);
  if (!elsewhere && KNOWN_ROOTS.has(name)) return errors.notBuilt(`'${name}'`);
  return errors.noSuchSegment(name);
}

function unbound(operations: Record<string, (request: ApiRequest, root: Segment) => Reply>): Record<string, Root> {
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, alone(operation)]));
}

function alone(handle: (request: ApiRequest, root: Segment) => Reply): Root {
  return (request, [root, next]) => {
    if (next) throw errors.noSuchSegment(next.name);
    return handle(request, root!);
  };
}

function serviceRoot(request: ApiRequest): Reply {
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  const value = [
    ...request.environment.sets.keys(),
    "EntityDefinitions",
    "GlobalOptionSetDefinitions",
    "RelationshipDefinitions",
  ]
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
    const name = next.name.slice(CRM.length);
    const operation = own(BOUND_TO_SET, name);
    if (operation) return operation(request, table, next);
    throw absent(name);
  }
  throw errors.noSuchSegment(next.name);
}

function rowRoute(request: ApiRequest, table: Table, first: Segment, rest: Segment[]): Reply {
  const [next, ...more] = rest;
  if (!next) return recordRoute(request, table, first);
  if (next.name.startsWith(CRM)) {
    const name = next.name.slice(CRM.length);
    const operation = own(BOUND_TO_ROW, name);
    if (operation && more.length === 0) return operation(request, table, first, next);
    throw absent(name);
  }
  if (more.length === 1 && more[0]!.name === "$ref") return referenceRoute(request, table, first, next);
  const navigated = request.call.method === "GET" ? navigationRoute(request, table, first, rest) : undefined;
  if (navigated) return navigated;
  if (next.key !== undefined) throw errors.noSuchSegment(next.name);
  if (more.length === 0) return propertyRoute(request, table, first, next.name);
  if (more.length === 1 && more[0]!.name === "$value") return rawValueRoute(request, table, first, next.name);
  throw errors.noSuchSegment(more[0]!.name);
}
