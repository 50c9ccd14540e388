import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import { type Column, isLookup, isProperty, read, readTarget, type Table } from "../model.ts";
import type { Actor } from "../records/transaction.ts";
import type { Cell, Row } from "../row.ts";
import type { WebhookEvent, Written } from "./events.ts";
import type { Image } from "./steps.ts";

const CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts";
/** The size from which parts are left out (use-webhooks.md). */
const MOST_BYTES = 256 * 1024;

type Attribute = { key: string; value: unknown };

/** What one post carries: the JSON of a RemoteExecutionContext, and the headers that go with it. */
export type Message = { body: string; headers: Record<string, string> };

/**
 * The RemoteExecutionContext of an event, as the data contract serialiser writes it: `__type` first, dates as
 * `/Date(ms)/`, slashes escaped. Source: dataverse.md section 13; use-webhooks.md.
 */
export function remoteExecutionContext(
  environment: Environment,
  actor: Actor,
  event: WebhookEvent,
  organization: string,
): Message {
  const { step, message, rows } = event;
  const [first] = rows;
  const number = environment.version;
  const correlation = namedGuid(`correlation ${number}`);
  const paired = message === "Associate" || message === "Disassociate";
  const plain = {
    BusinessUnitId: environment.businessUnit,
    CorrelationId: correlation,
    Depth: 1,
    InitiatingUserId: actor.caller ?? actor.user,
    IsExecutingOffline: false,
    IsInTransaction: !step.asynchronous,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: message,
    Mode: step.asynchronous ? 1 : 0,
    OperationCreatedOn: `/Date(${environment.clock.now()}+0000)/`,
    OperationId: namedGuid(`operation ${number} ${step.id} ${first!.id}`),
    OrganizationId: environment.organization,
    OrganizationName: "sandbox",
    OwningExtension: { ...reference("sdkmessageprocessingstep", step.id), __type: undefined },
    PrimaryEntityId: paired || rows.length !== 1 ? "00000000-0000-0000-0000-000000000000" : first!.id,
    PrimaryEntityName: paired ? "none" : first!.table.name,
    RequestId: null,
    SecondaryEntityName: "none",
    SharedVariables: [],
    UserId: step.user ?? actor.user,
  };
  const input = inputParameters(environment, event);
  const after = step.stage >= 40;
  const full = {
    ...plain,
    InputParameters: input,
    OutputParameters: after && message === "Create" ? [{ key: "id", value: first!.id }] : [],
    ParentContext: after
      ? {
          ...plain,
          InputParameters: input,
          OutputParameters: [],
          ParentContext: null,
          PostEntityImages: [],
          PreEntityImages: [],
          Stage: 30,
        }
      : null,
    PostEntityImages: after ? images(event, "post") : [],
    PreEntityImages: images(event, "pre"),
    Stage: step.stage,
  };
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "x-ms-dynamics-organization": organization,
    "x-ms-dynamics-entity-name": plain.PrimaryEntityName,
    "x-ms-dynamics-request-name": message,
    "x-ms-correlation-request-id": correlation,
  };
  const body = serialised(full);
  if (Buffer.byteLength(body) <= MOST_BYTES) return { body, headers };
  const none = { InputParameters: [], PreEntityImages: [], PostEntityImages: [], ParentContext: null };
  return {
    body: serialised({ ...full, ...none }),
    headers: { ...headers, "x-ms-dynamics-msg-size-exceeded": "true" },
  };
}

/** In JSON a slash stands in texts only. */
function serialised(value: unknown): string {
  return JSON.stringify(value).replaceAll("/", "\\/");
}

function inputParameters(environment: Environment, event: WebhookEvent): Attribute[] {
  const [first] = event.rows;
  switch (event.message) {
    case "Create":
    case "Update":
      return [{ key: "Target", value: target(first!) }];
    case "Delete":
      return [{ key: "Target", value: reference(first!.table.name, first!.id) }];
    case "CreateMultiple":
    case "UpdateMultiple":
      return [
        {
          key: "Targets",
          value: {
            __type: `EntityCollection:${CONTRACTS}`,
            Entities: event.rows.map((row) => ({ ...target(row), __type: undefined })),
            EntityName: first!.table.name,
            MinActiveRowVersion: "-1",
            MoreRecords: false,
            PagingCookie: null,
            TotalRecordCount: -1,
            TotalRecordCountLimitExceeded: false,
          },
        },
      ];
    default:
      return pairParameters(environment, first!, event.link);
  }
}

function pairParameters(
  environment: Environment,
  pair: Written,
  link: { schema: string; first: string; second: string },
): Attribute[] {
  const row = (pair.after ?? pair.before)!;
  const same = link.first === link.second;
  const end = (name: string, suffix: string) => {
    const id = environment.tables.get(name)!.idColumn;
    const columns = [...pair.table.columns.values()];
    const column =
      pair.table.columns.get(id + (same ? suffix : "")) ??
      columns.find((each) => isLookup(each) && each.targets?.includes(name));
    return reference(name, column ? String(read(row, column)) : "");
  };
  return [
    { key: "Target", value: end(link.first, "one") },
    {
      key: "Relationship",
      value: { __type: `Relationship:${CONTRACTS}`, PrimaryEntityRole: null, SchemaName: link.schema },
    },
    { key: "RelatedEntities", value: [end(link.second, "two")] },
  ];
}

/** Who wrote and when: part of a written row also where the value is the old one, as in the sample of section 13. */
const STAMPS = new Set(["modifiedon", "modifiedby", "modifiedonbehalfby"]);

/** A created row whole; of an updated one the columns that were written and those the server changed with them. */
function target(written: Written): Record<string, unknown> {
  const { table, before, after, columns, id } = written;
  const shown = (column: Column) => {
    if (before === undefined) return read(after!, column) !== null;
    if (columns.has(column.name) || column.name === table.idColumn) return true;
    if (STAMPS.has(column.name) && read(after!, column) !== null) return true;
    return column.computed === undefined && column.slot > 2 && read(before, column) !== read(after!, column);
  };
  return { __type: `Entity:${CONTRACTS}`, ...entity(table, id, after!, shown) };
}

function images(event: WebhookEvent, kind: "pre" | "post"): Attribute[] {
  const [written] = event.rows;
  const row = kind === "pre" ? written!.before : written!.after;
  if (row === undefined || event.rows.length !== 1 || "link" in event) return [];
  const { table, id } = written!;
  const wanted = event.step.images.filter((image) => image.kind === kind || image.kind === "both");
  const shown = wanted.map((image) => ({
    key: image.alias,
    value: entity(table, id, row, inImage(table, row, image)),
  }));
  if (kind === "pre" || !event.step.asynchronous) return shown;
  const named = (column: Column) => column.name === table.nameColumn || column.name === table.idColumn;
  return [{ key: "AsynchronousStepPrimaryName", value: entity(table, id, row, named) }, ...shown];
}

function inImage(table: Table, row: Row, image: Image): (column: Column) => boolean {
  return (column) =>
    column.name === table.idColumn ||
    (image.columns === undefined ? read(row, column) !== null : image.columns.has(column.name));
}

function entity(table: Table, id: string, row: Row, shown: (column: Column) => boolean): Record<string, unknown> {
  const attributes: Attribute[] = [];
  for (const column of table.columns.values()) {
    if (!isProperty(column) || column.writeOnly || !shown(column)) continue;
    const cell = read(row, column);
    attributes.push({ key: column.name, value: cell === null ? null : attributeValue(column, cell, row) });
  }
  return {
    Attributes: attributes,
    EntityState: null,
    FormattedValues: [],
    Id: id,
    KeyAttributes: [],
    LogicalName: table.name,
    RelatedEntities: [],
    RowVersion: null,
  };
}

function attributeValue(column: Column, cell: Cell, row: Row): unknown {
  switch (column.kind) {
    case "choice":
    case "state":
    case "status":
      return option(Number(cell));
    case "choices":
      return String(cell)
        .split(",")
        .map((each) => option(Number(each)));
    case "money":
      return { __type: `Money:${CONTRACTS}`, Value: cell };
    case "date":
    case "datetime":
    case "zoneless":
      return `/Date(${Date.parse(String(cell))})/`;
    case "lookup":
    case "customer":
    case "owner":
      return reference(readTarget(row, column) ?? "", String(cell));
    default:
      return cell;
  }
}

function option(value: number): Record<string, unknown> {
  return { __type: `OptionSetValue:${CONTRACTS}`, Value: value };
}

function reference(table: string, id: string): Record<string, unknown> {
  return {
    __type: `EntityReference:${CONTRACTS}`,
    Id: id,
    KeyAttributes: [],
    LogicalName: table,
    Name: null,
    RowVersion: null,
  };
}
