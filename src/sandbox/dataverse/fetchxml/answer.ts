import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { NOT_BUILT, PAGE_SIZE, pairs } from "../query/options.ts";
import { type ApiRequest, applied, odata } from "../request.ts";
import type { Row } from "../row.ts";
import { pageBytes } from "../wire/page-buffer.ts";
import { aggregateRows } from "./aggregate.ts";
import { contextOf, outputsOf, tupleWriter } from "./columns.ts";
import { fetchErrors } from "./errors.ts";
import { type Page, pageOf } from "./page.ts";
import { parseFetch } from "./parse.ts";
import { type Plan, planFetch } from "./plan.ts";
import type { Fetch } from "./syntax.ts";

/** The FetchXML of a request, or undefined: what `GET /contacts?fetchXml=...` differs by from an OData query. */
export function fetchXmlOf(query: string): string | undefined {
  if (!query.includes("etchXml=")) return undefined;
  return pairs(query).find(([name]) => name === "fetchXml")?.[1];
}

/**
 * Answers `GET /{set}?fetchXml=...`, `within` some rows of the table only where that is given. Of the OData options only `$count` goes with it. Source: dataverse.md section 6
 * and the pages fetchxml/retrieve-data, page-results and count-rows.
 */
export function fetchReply(request: ApiRequest, table: Table, xml: string, within?: Row[]): Reply {
  const count = countOption(request);
  const fetch = parseFetch(xml);
  return answerFetch(request, table, { ...fetch, total: fetch.total || count }, within);
}

/** The same for a query that is read already. `next` gives the link to the page behind one, where there is to be one. */
export function answerFetch(
  request: ApiRequest,
  table: Table,
  fetch: Fetch,
  within?: Row[],
  next: (page: Page) => string | undefined = () => undefined,
): Reply {
  const { environment, prefer, base } = request;
  const plan = planOf(request, fetch);
  if (plan.root.table !== table) throw fetchErrors.otherEntity();
  if (within) withinRows(plan, new Set(within));
  const honoured = applied(request, {});
  if (plan.fetch.aggregate) {
    const context = contextOf(plan, [], base);
    const rows = aggregateRows(plan, prefer);
    const start = ((plan.fetch.page || 1) - 1) * PAGE_SIZE;
    const shown = rows.slice(start, start + Math.min(plan.fetch.top ?? plan.fetch.count ?? PAGE_SIZE, PAGE_SIZE));
    return odata(200, pageBytes(`{"@odata.context":${JSON.stringify(context)},"value":[`, shown, "]}"), honoured);
  }
  const outputs = outputsOf(plan, base.endsWith("/v8.2") ? "_x002e_" : ".");
  const write = tupleWriter(plan, outputs, prefer);
  const page = pageOf(plan, fetch.total, plan.fetch.distinct ? write : undefined);
  const heads = [`"@odata.context":${JSON.stringify(contextOf(plan, outputs, base))}`];
  const annotate = (name: string, value: unknown) => {
    const full = `Microsoft.Dynamics.CRM.${name}`;
    if (prefer.wants(full)) heads.push(`"@${full}":${JSON.stringify(value)}`);
  };
  if (page.total !== undefined) heads.push(`"@odata.count":${Math.min(page.total, PAGE_SIZE)}`);
  annotate("totalrecordcount", Math.min(page.total ?? -1, PAGE_SIZE));
  annotate("totalrecordcountlimitexceeded", (page.total ?? 0) > PAGE_SIZE);
  annotate("globalmetadataversion", String(environment.metadataVersion));
  // The last page says neither: clients go by the presence of morerecords (page page-results).
  if (page.cookie !== undefined) annotate("fetchxmlpagingcookie", page.cookie);
  if (page.more) annotate("morerecords", true);
  const rows = page.tuples.map(write);
  const link = next(page);
  const tail = link === undefined ? "" : `,"@odata.nextLink":${JSON.stringify(link)}`;
  return odata(200, pageBytes(`{${heads.join(",")},"value":[`, rows, `]${tail}}`), honoured);
}

/** Has a query find joined rows only for these rows of its entity. */
function withinRows(plan: Plan, within: Set<Row>): void {
  const { each } = plan;
  plan.each = (rows, visit) =>
    each(rows === plan.root.table.rows ? within : [...rows].filter((row) => within.has(row)), visit);
}

/** In whose name a query is run. */
type Asking = Pick<ApiRequest, "environment" | "actor">;

/** The rows of the entity a query finds, each once: what a dynamic marketing list consists of. */
export function fetchRows(request: Asking, xml: string): { table: Table; rows: Row[] } {
  const plan = planOf(request, parseFetch(xml));
  const found = new Set<Row>();
  plan.each(plan.root.table.rows, (tuple) => {
    found.add(tuple[0] as Row);
    return true;
  });
  return { table: plan.root.table, rows: [...found] };
}

function planOf({ environment, actor }: Asking, fetch: Fetch): Plan {
  const scope = { environment, user: actor.user, now: environment.clock.now() };
  return planFetch(fetch, scope, actor);
}

function countOption(request: ApiRequest): boolean {
  let count = false;
  for (const [name, value] of pairs(request.call.query)) {
    if (name === "$count") count = value === "true";
    else if (NOT_BUILT.has(name)) throw errors.notBuilt(`The query option ${name}`);
    else if (name.startsWith("$") || name === "sql")
      throw errors.badQuery(`The query parameter ${name} cannot be used with fetchXml.`);
  }
  return count;
}

const page = (name: string) => `fetchxml/${name}`;

/** FetchXML as the support matrix lists it; the condition operators have a list of their own. */
export const FETCH_OPERATIONS: Operation[] = [
  { name: "fetchXml", does: "a query of the set's own table, in the URL", source: "dataverse.md section 6" },
  { name: "fetch top", does: "at most so many rows, 5000 at the most", source: page("reference/fetch") },
  { name: "fetch count and page", does: "simple paging, to the 50,000th row", source: page("page-results") },
  { name: "fetch paging-cookie", does: "the annotation and the way back", source: page("page-results") },
  { name: "fetch returntotalrecordcount", does: "the number of all rows, up to 5000", source: page("count-rows") },
  { name: "fetch distinct", does: "each combination of values once", source: page("overview") },
  { name: "fetch useraworderby", does: "choices sorted by number", source: page("order-rows") },
  { name: "fetch aggregate", does: "avg count countcolumn max min sum", source: page("aggregate-data") },
  { name: "fetch aggregatelimit", does: "fewer rows than 50,000", source: page("aggregate-data") },
  { name: "attribute groupby", does: "groups, also of linked columns", source: page("aggregate-data") },
  { name: "attribute dategrouping", does: "groups by part of a date", source: page("aggregate-data") },
  { name: "attribute rowaggregate", does: "CountChildren of a hierarchy", source: page("aggregate-data") },
  { name: "attribute alias", does: "a name of one's own, with AttributeName", source: page("select-columns") },
  { name: "all-attributes", does: "every column that has a value", source: page("reference/all-attributes") },
  { name: "order", does: "by columns, names of lookups, labels, linked columns", source: page("order-rows") },
  { name: "filter", does: "and, or, nested", source: page("filter-rows") },
  { name: "condition entityname", does: "a condition after the join", source: page("filter-rows") },
  { name: "condition valueof", does: "compares two columns, also of two tables", source: page("filter-rows") },
  { name: "link-entity", does: "joins by any two columns of a type", source: page("join-tables") },
  { name: "link-type inner", does: "only rows with a match", source: page("join-tables") },
  { name: "link-type outer", does: "also rows without one", source: page("join-tables") },
  { name: "link-type exists", does: "rows with a match, once", source: page("join-tables") },
  { name: "link-type in", does: "rows with a match, once", source: page("join-tables") },
  { name: "link-type matchfirstrowusingcrossapply", does: "the first match only", source: page("join-tables") },
  { name: "Elastic joins", does: "elastic tables are queried alone, else 0x80048d0b", source: "use-elastic-tables.md" },
  { name: "link-type any", does: "in a filter: a linked row matches", source: page("filter-rows") },
  { name: "link-type not any", does: "in a filter: no linked row matches", source: page("filter-rows") },
  { name: "link-type all", does: "in a filter: there are rows, none matches", source: page("filter-rows") },
  { name: "link-type not all", does: "in a filter: the same as any", source: page("filter-rows") },
];
