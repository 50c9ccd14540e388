import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { type Column, read, type Table } from "../model.ts";
import { type Draft, setDrafted } from "../records/draft.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { findRow, missing, parseReference } from "../records/references.ts";
import { updateFrom } from "../records/store.ts";
import { storedValue } from "../records/values.ts";
import { type ApiRequest, noContent, transact } from "../request.ts";
import type { Row } from "../row.ts";
import { objectParameter, parametersOf } from "./action.ts";

/** A message that ends a row's life: the parameter with the closing activity, its type, and the state it leads to. */
type Closing = { parameter: string; activity: string; table: string; bind: string; state: number };

const CLOSINGS: Record<string, Closing> = {
  WinOpportunity: opportunity(1),
  LoseOpportunity: opportunity(2),
  CloseIncident: {
    parameter: "IncidentResolution",
    activity: "incidentresolution",
    table: "incident",
    bind: "incidentid@odata.bind",
    state: 1,
  },
};

function opportunity(state: number): Closing {
  const bind = "opportunityid@odata.bind";
  return { parameter: "OpportunityClose", activity: "opportunityclose", table: "opportunity", bind, state };
}

/**
 * What the closing activities may say. It is checked; of it only the end and the revenue are kept, in the row itself.
 */
const ACTIVITY_COLUMNS = new Set(
  "activityid subject description category subcategory actualstart actualend actualdurationminutes actualrevenue opportunitystatecode opportunitystatuscode resolutiontypecode billabletime timespent scheduledstart scheduledend".split(
    " ",
  ),
);

/**
 * `WinOpportunity`, `LoseOpportunity` and `CloseIncident`: the only ways to these states. Status must belong to the
 * state, or be -1 for its default (pages use-web-api-actions, mt607971). Throws when the row is not open any more.
 */
export const CLOSE_ACTIONS: Record<string, (request: ApiRequest) => Reply> = Object.fromEntries(
  Object.entries(CLOSINGS).map(([action, closing]) => [
    action,
    (request: ApiRequest) => close(request, action, closing),
  ]),
);

function close(request: ApiRequest, action: string, closing: Closing): Reply {
  const body = parametersOf(request, action, [closing.parameter, "Status"]);
  const activity = objectParameter(closing.parameter, body[closing.parameter]);
  const table = request.environment.tables.get(closing.table)!;
  const row = closedRow(request, table, closing, activity);
  const state = table.columns.get("statecode")!;
  const { Status } = body;
  if (typeof Status !== "number" || !Number.isInteger(Status)) throw errors.wrongType("", Status, "Edm.Int32");
  requirePrivilege(request, table, "Write");
  if (read(row, state) !== 0) throw errors.alreadyClosed(table.name);
  const draft: Draft = { columns: [], values: [], targets: [] };
  setDrafted(draft, state, closing.state);
  const status = table.columns.get("statuscode")!;
  if (Status !== -1) setDrafted(draft, status, storedValue(table, status, Status));
  if (table.name === "opportunity") putRevenue(request, table, row, draft, activity);
  transact(request, (tx) => updateFrom(tx, table, row, draft));
  return noContent(1);
}

function closedRow(request: ApiRequest, table: Table, closing: Closing, activity: Record<string, unknown>): Row {
  for (const name of Object.keys(activity)) {
    if (name.startsWith("@") || name.endsWith("@odata.bind") || ACTIVITY_COLUMNS.has(name.split("@")[0]!)) continue;
    throw errors.unknownProperty(`${closing.activity}s`, name, closing.activity);
  }
  const reference = activity[closing.bind];
  if (typeof reference !== "string") throw errors.badParameter(closing.parameter, `it needs '${closing.bind}'`);
  const { table: named, key } = parseReference(request.environment, reference);
  if (named !== table) throw errors.badParameter(closing.parameter, `'${closing.bind}' must name one of ${table.set}`);
  const row = findRow(table, key);
  if (!row) throw missing(table, key);
  return row;
}

/** The opportunity takes its end and its revenue from the closing activity, else today and what was estimated. */
function putRevenue(
  { environment }: ApiRequest,
  table: Table,
  row: Row,
  draft: Draft,
  { actualend, actualrevenue }: Record<string, unknown>,
): void {
  const column = (name: string): Column => table.columns.get(name)!;
  const today = new Date(environment.clock.now()).toISOString().slice(0, 10);
  const day = typeof actualend === "string" ? actualend.slice(0, 10) : today;
  setDrafted(draft, column("actualclosedate"), storedValue(table, column("actualclosedate"), day));
  const revenue = actualrevenue ?? read(row, column("estimatedvalue"));
  setDrafted(draft, column("actualvalue"), storedValue(table, column("actualvalue"), revenue));
}

export const CLOSE_OPERATIONS: Operation[] = [
  { name: "WinOpportunity", does: "state Won, with end and revenue", source: "use-web-api-actions" },
  { name: "LoseOpportunity", does: "state Lost, with end and revenue", source: "LoseOpportunity action" },
  { name: "CloseIncident", does: "state Resolved", source: "CloseIncident action" },
];
