import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { type ApiRequest, complexReply, jsonBody, noContent, requireMethod } from "../request.ts";
import type { Segment } from "../wire/address.ts";
import { reactivateKey } from "./create-key.ts";
import { createCustomerLookup, createPolymorphicLookup } from "./create-relationship.ts";
import { type Body, type Maker, makerOf } from "./maker.ts";
import { deleteOption, insertOption, orderOptions, updateOption } from "./options.ts";

type Action = Omit<Operation, "name"> & {
  /** It only asks: nothing is changed. */
  asks?: true;
  run(maker: Maker, body: Body, name: string): Record<string, unknown> | undefined;
};

const OPTIONS = "create-update-optionsets.md";

/** Unbound actions that change the schema, by name. */
const ACTIONS: Record<string, Action> = {
  InsertOptionValue: {
    does: "adds an option to a column or a global option set; returns its value",
    source: OPTIONS,
    run: (maker, body) => ({ NewOptionValue: insertOption(maker, body, false) }),
  },
  InsertStatusValue: {
    does: "adds a status of one state; returns its value",
    source: OPTIONS,
    run: (maker, body) => ({ NewOptionValue: insertOption(maker, body, true) }),
  },
  UpdateOptionValue: { does: "changes an option's label", source: OPTIONS, run: nothing(updateOption) },
  UpdateStateValue: { does: "changes a state's label and default status", source: OPTIONS, run: nothing(updateOption) },
  DeleteOptionValue: { does: "takes an option away", source: OPTIONS, run: nothing(deleteOption) },
  OrderOption: { does: "orders the options anew", source: OPTIONS, run: nothing(orderOptions) },
  CreateCustomerRelationships: {
    does: "makes a Customer column with its two relationships",
    source: "the CreateCustomerRelationships action",
    run: createCustomerLookup,
  },
  CreatePolymorphicLookupAttribute: {
    does: "makes a lookup with several target tables",
    source: "multitable-lookup.md",
    run: createPolymorphicLookup,
  },
  CanBeReferenced: {
    does: "whether a table can be the one of a 1:N relationship",
    source: "entity-relationship-eligibility.md",
    run: eligible,
    asks: true,
  },
  CanBeReferencing: {
    does: "whether a table can be the many of a 1:N relationship",
    source: "entity-relationship-eligibility.md",
    run: eligible,
    asks: true,
  },
  CanManyToMany: {
    does: "whether a table can be in an N:N relationship",
    source: "entity-relationship-eligibility.md",
    run: eligible,
    asks: true,
  },
  ReactivateEntityKey: {
    does: "builds the index of a failed key again",
    source: "define-alternate-keys-entity.md",
    run: nothing(reactivateKey),
  },
  PublishXml: {
    does: "is accepted: what is changed is published at once",
    source: "the PublishXml action",
    run: publish,
    asks: true,
  },
  PublishAllXml: {
    does: "is accepted, as PublishXml",
    source: "the PublishAllXml action",
    run: () => undefined,
    asks: true,
  },
};

/** `CanBeReferenced`, `CanBeReferencing`, `CanManyToMany`: whether a table may be in such a relationship. */
function eligible(maker: Maker, body: Body, name: string): Record<string, unknown> {
  const table = typeof body.EntityName === "string" ? maker.environment.tables.get(body.EntityName) : undefined;
  if (!table) throw errors.badSchema(`EntityName must name a table; '${String(body.EntityName)}' is none.`);
  return { [name]: !table.intersect && !table.seedOnly };
}

function nothing(work: (maker: Maker, body: Body) => void): Action["run"] {
  return (maker, body) => {
    work(maker, body);
    return undefined;
  };
}

function publish(_maker: Maker, body: Body): undefined {
  if (typeof body.ParameterXml !== "string") throw errors.badSchema("ParameterXml is missing.");
}

type Root = (request: ApiRequest) => Reply;

/** The actions as the router calls them. */
export const METADATA_ACTIONS: Record<string, Root> = Object.fromEntries(
  Object.entries(ACTIONS).map(([name, action]) => [name, (request: ApiRequest) => act(request, name, action)]),
);

function act(request: ApiRequest, name: string, action: Action): Reply {
  requireMethod(request, "POST");
  const empty = request.call.body.length === 0 && name === "PublishAllXml";
  const body = empty ? {} : jsonBody(request, name);
  const result = action.run(makerOf(request, body.SolutionUniqueName), body, name);
  const changed = action.asks ? 0 : 1;
  return result === undefined ? noContent(changed) : complexReply(request, `${name}Response`, result, changed);
}

/** `GetValidManyToMany()`, `GetValidReferencedEntities(...)`, `GetValidReferencingEntities(...)`. */
export function validEnds(request: ApiRequest, { name }: Segment): Reply {
  requireMethod(request, "GET");
  const ends = [...request.environment.tables.values()].filter(
    (table) => !table.intersect && !table.seedOnly && !(name === "GetValidManyToMany" && table.partition !== undefined),
  );
  return complexReply(request, `${name}Response`, { EntityNames: ends.map((table) => table.name) });
}

/** The operations of this folder, for the support table. */
export const METADATA_OPERATIONS: Operation[] = [
  ...Object.entries(ACTIONS).map(([name, { does, source }]) => ({ name, does, source })),
  { name: "EntityDefinitions", does: "tables: read, made, changed and dropped", source: "query-metadata-web-api.md" },
  {
    name: "Attributes",
    does: "columns: read with every cast, made, changed and dropped",
    source: "dataverse.md section 3",
  },
  { name: "Keys", does: "alternate keys: Pending, then Active or Failed", source: "define-alternate-keys-entity.md" },
  {
    name: "RelationshipDefinitions",
    does: "relationships 1:N and N:N: read, made, changed and dropped",
    source: "create-update-entity-relationships-using-web-api.md",
  },
  { name: "GlobalOptionSetDefinitions", does: "global option sets: read, made and dropped", source: OPTIONS },
  {
    name: "TableType Elastic",
    does: "an elastic table, without what such tables do not have",
    source: "create-elastic-tables.md; create-edit-elastic-tables.md",
  },
  { name: "FormatName Json", does: "text that holds JSON, in elastic tables", source: "create-elastic-tables.md" },
  { name: "AutoNumberFormat", does: "numbers rows that bring no value", source: "autonumber-fields.md" },
  {
    name: "IsAuditEnabled",
    does: "of tables and columns: kept and shown; nothing is audited",
    source: "auditing/configure.md",
  },
  { name: "$metadata", does: "the schema as CSDL, with annotations when asked", source: "dataverse.md section 3" },
  {
    name: "MSCRM.SolutionUniqueName",
    does: "is checked; decides the prefix of option values",
    source: "dataverse.md section 1",
  },
  {
    name: "GetValidManyToMany",
    does: "lists tables that can be in a relationship",
    source: "entity-relationship-eligibility.md",
  },
  { name: "GetValidReferencedEntities", does: "as GetValidManyToMany", source: "entity-relationship-eligibility.md" },
  { name: "GetValidReferencingEntities", does: "as GetValidManyToMany", source: "entity-relationship-eligibility.md" },
];
