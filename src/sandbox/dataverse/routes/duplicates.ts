import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { nowSeconds } from "../environment.ts";
import { errors } from "../errors.ts";
import { GUID, namedGuid } from "../guids.ts";
import { type Column, read, type Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { drafted, draftOf, setDrafted } from "../records/draft.ts";
import { duplicates, publishedRules } from "../records/duplicates.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { parsePredicate } from "../records/references.ts";
import { updateFrom } from "../records/store.ts";
import { type ApiRequest, complexReply, jsonBody, noContent, odata, requireMethod, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";
import { existing } from "./record.ts";

const SOURCE = "dataverse.md section 12; run-duplicate-detection";

export const DUPLICATE_OPERATIONS: Operation[] = [
  { name: "RetrieveDuplicates", does: "the rows a given or imagined row is a duplicate of", source: SOURCE },
  { name: "PublishDuplicateRule", does: "puts a rule into force, at once", source: SOURCE },
  { name: "UnpublishDuplicateRule", does: "takes a rule out of force", source: SOURCE },
];

/** `GET /RetrieveDuplicates(BusinessEntity=@p1,MatchingEntityName=@p2,PagingInfo=@p3)`. */
export function retrieveDuplicates(request: ApiRequest, root: Segment): Reply {
  requireMethod(request, "GET");
  const parameters = parametersOf(request, root.key ?? "");
  const entity = objectIn(parameters, "BusinessEntity");
  const paging = objectIn(parameters, "PagingInfo");
  const name = String(entity["@odata.type"] ?? "").replace(/^#?Microsoft\.Dynamics\.CRM\./, "");
  const base = tableNamed(request, name);
  const matching = tableNamed(request, String(parameters.get("MatchingEntityName") ?? "").replace(/^'(.*)'$/, "$1"));
  requirePrivilege(request, matching, "Read");
  const { row, value } = imagined(request, base, entity);
  const found = new Set<Row>();
  for (const rule of publishedRules(request.environment, base)) {
    if (rule.matching !== matching) continue;
    for (const other of duplicates(rule, value)) if (other !== row) found.add(other);
  }
  const count = Math.min(positive(paging.Count, 5000), 5000);
  const start = (positive(paging.PageNumber, 1) - 1) * count;
  const write = rowWriter(request.environment, matching, selectedColumns(matching, undefined), request.prefer);
  const rows = [...found].slice(start, start + count).map((each) => write(each));
  const context = JSON.stringify(`${request.base}/$metadata#${matching.set}`);
  return odata(200, `{"@odata.context":${context},"value":[${rows.join(",")}]}`);
}

/** The parameters in the brackets, aliases replaced by what the query string gives them. */
function parametersOf(request: ApiRequest, text: string): Map<string, string> {
  const aliases = new Map(pairs(request.call.query));
  return new Map(
    text.split(",").map((part) => {
      const [name = "", value = ""] = part.split("=").map((each) => each.trim());
      return [name, value.startsWith("@") ? (aliases.get(value) ?? "null") : value];
    }),
  );
}

/** An object among the parameters. The documentation writes them with single quotes, which no JSON has. */
function objectIn(parameters: Map<string, string>, name: string): Record<string, unknown> {
  const text = parameters.get(name) ?? "";
  for (const attempt of [text, text.replaceAll("'", '"')]) {
    try {
      const value = JSON.parse(attempt) as unknown;
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch {
      // The one error below stands for both ways of writing.
    }
  }
  throw errors.badQuery(`The parameter '${name}' must be an object.`);
}

function tableNamed(request: ApiRequest, name: string): Table {
  const table = request.environment.tables.get(name);
  if (!table) throw errors.badQuery(`The entity with a name = '${name.slice(0, 100)}' was not found.`);
  return table;
}

const positive = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : fallback;

/** The row the entity names, or one that only exists in the request. */
function imagined(request: ApiRequest, table: Table, entity: Record<string, unknown>) {
  const id = entity[table.idColumn];
  const row = typeof id === "string" && GUID.test(id) ? table.byId.get(id.toLowerCase()) : undefined;
  const draft = draftOf(request.environment, table, entity, "create");
  const value = (column: Column) => drafted(draft, column) ?? (row ? read(row, column) : null);
  return { row, value };
}

/** `POST /duplicaterules(id)/Microsoft.Dynamics.CRM.PublishDuplicateRule`. */
export function publishDuplicateRule(request: ApiRequest, table: Table, segment: Segment): Reply {
  requireMethod(request, "POST");
  if (table.name !== "duplicaterule") throw errors.noSuchSegment("Microsoft.Dynamics.CRM.PublishDuplicateRule");
  const row = existing(table, parsePredicate(table, segment.key!));
  setPublished(request, table, row, true);
  const job = namedGuid(`publish ${idOf(row)} ${nowSeconds(request.environment)}`);
  return complexReply(request, "PublishDuplicateRuleResponse", { JobId: job });
}

/** `POST /UnpublishDuplicateRule {"DuplicateRuleId": id}`. */
export function unpublishDuplicateRule(request: ApiRequest): Reply {
  requireMethod(request, "POST");
  const table = request.environment.tables.get("duplicaterule")!;
  const id = jsonBody(request, "UnpublishDuplicateRule").DuplicateRuleId;
  if (typeof id !== "string" || !GUID.test(id)) throw errors.wrongType("UnpublishDuplicateRule", id, "Edm.Guid");
  setPublished(request, table, existing(table, { id: id.toLowerCase() }), false);
  return noContent(1);
}

function setPublished(request: ApiRequest, table: Table, row: Row, published: boolean): void {
  transact(request, (tx) => {
    requirePrivilege(tx, table, "Write");
    const draft = draftOf(request.environment, table, {}, "update");
    setDrafted(draft, table.columns.get("statecode")!, published ? 1 : 0);
    setDrafted(draft, table.columns.get("statuscode")!, published ? 2 : 0);
    updateFrom(tx, table, row, draft);
  });
}
