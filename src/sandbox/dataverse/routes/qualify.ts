import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import { parsePredicate } from "../records/references.ts";
import type { Transaction } from "../records/transaction.ts";
import { createRow, updateRow } from "../records/write.ts";
import { type ApiRequest, odata, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import type { Segment } from "../wire/address.ts";
import { flagParameter, type NamedRow, parametersOf, rowParameter } from "./action.ts";
import { existing } from "./record.ts";

const QUALIFIED = 1;

/** What a lead's columns are called in the rows made of it, where it is not the same name. */
const CONTACT_COLUMNS = "firstname lastname jobtitle emailaddress1 telephone1 mobilephone fax description";
const ACCOUNT_COLUMNS = "telephone1 fax emailaddress1 websiteurl numberofemployees revenue description";
const OPPORTUNITY_COLUMNS = "description budgetamount budgetstatus purchaseprocess purchasetimeframe";
const ADDRESS = "line1 line2 line3 city stateorprovince postalcode country"
  .split(" ")
  .map((part) => `address1_${part}`);

type Made = { table: Table; row: Row };

/**
 * `QualifyLead`, bound to a lead: makes the account, contact and opportunity asked for, links them with each other and
 * with the lead, and closes the lead as qualified. Answers references to the new rows. Source: page mt491164.
 */
export function qualifyLead(request: ApiRequest, table: Table, segment: Segment): Reply {
  if (table.name !== "lead") throw errors.noSuchSegment(segment.raw);
  const needed = ["CreateAccount", "CreateContact", "CreateOpportunity", "Status"];
  const optional = ["OpportunityCurrencyId", "OpportunityCustomerId", "SourceCampaignId", "ProcessInstanceId"];
  const body = parametersOf(request, "QualifyLead", needed, optional);
  const lead = existing(table, parsePredicate(table, segment.key!));
  const wanted = (name: string) => flagParameter(body[name]);
  const [account, contact, opportunity] = [
    wanted("CreateAccount"),
    wanted("CreateContact"),
    wanted("CreateOpportunity"),
  ];
  const { Status } = body;
  if (typeof Status !== "number" || !Number.isInteger(Status)) throw errors.wrongType("", Status, "Edm.Int32");
  const given = (name: string, of?: string): NamedRow | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    return rowParameter(request, name, value, request.environment.tables.get(of ?? ""));
  };
  const customer = given("OpportunityCustomerId");
  if (customer && !["account", "contact"].includes(customer.table.name)) {
    throw errors.badParameter("OpportunityCustomerId", "it must be an account or a contact");
  }
  const links = {
    currency: given("OpportunityCurrencyId", "transactioncurrency"),
    campaign: given("SourceCampaignId", "campaign"),
  };
  if (read(lead, table.columns.get("statecode")!) !== 0) throw errors.alreadyClosed("lead");
  const made = transact(request, (tx) => {
    const maker = new Map<string, Made>();
    const firm = account ? make(tx, maker, "account", accountBody(table, lead)) : undefined;
    const person = contact ? make(tx, maker, "contact", contactBody(table, lead, firm)) : undefined;
    if (opportunity) make(tx, maker, "opportunity", opportunityBody(table, lead, customer ?? firm ?? person, links));
    const parents = {
      ...(firm ? { "parentaccountid@odata.bind": address(firm) } : {}),
      ...(person ? { "parentcontactid@odata.bind": address(person) } : {}),
    };
    updateRow(tx, table, lead, { statecode: QUALIFIED, ...(Status === -1 ? {} : { statuscode: Status }), ...parents });
    return [...maker.values()];
  });
  const value = made.map(({ table, row }) => ({
    "@odata.type": `#Microsoft.Dynamics.CRM.${table.name}`,
    [table.idColumn]: idOf(row),
  }));
  const context = `${request.base}/$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)`;
  return { ...odata(200, JSON.stringify({ "@odata.context": context, value })), rows: made.length + 1 };
}

function make(tx: Transaction, made: Map<string, Made>, name: string, body: Record<string, unknown>): Made {
  const table = tx.environment.tables.get(name)!;
  const created = { table, row: createRow(tx, table, body) };
  made.set(name, created);
  return created;
}

const address = ({ table, row }: Made) => `/${table.set}(${idOf(row)})`;

function copied(leads: Table, lead: Row, names: string[]): Record<string, unknown> {
  const cells = names.map((name) => {
    const column = leads.columns.get(name);
    return [name, column ? read(lead, column) : null] as const;
  });
  return Object.fromEntries(cells.filter(([, value]) => value !== null));
}

const own = (lead: Row) => ({ "originatingleadid@odata.bind": `/leads(${idOf(lead)})` });

function accountBody(leads: Table, lead: Row): Record<string, unknown> {
  const name = read(lead, leads.columns.get("companyname")!) ?? read(lead, leads.columns.get("fullname")!);
  return { name, ...copied(leads, lead, [...ACCOUNT_COLUMNS.split(" "), ...ADDRESS]), ...own(lead) };
}

function contactBody(leads: Table, lead: Row, account: Made | undefined): Record<string, unknown> {
  const parent = account ? { "parentcustomerid_account@odata.bind": address(account) } : {};
  return { ...copied(leads, lead, [...CONTACT_COLUMNS.split(" "), ...ADDRESS]), ...parent, ...own(lead) };
}

function opportunityBody(
  leads: Table,
  lead: Row,
  customer: Made | undefined,
  { currency, campaign }: { currency: Made | undefined; campaign: Made | undefined },
): Record<string, unknown> {
  return {
    name: read(lead, leads.columns.get("subject")!),
    ...copied(leads, lead, OPPORTUNITY_COLUMNS.split(" ")),
    ...(customer ? { [`customerid_${customer.table.name}@odata.bind`]: address(customer) } : {}),
    ...(currency ? { "transactioncurrencyid@odata.bind": address(currency) } : {}),
    ...(campaign ? { "campaignid@odata.bind": address(campaign) } : {}),
    ...own(lead),
  };
}

export const QUALIFY_OPERATIONS: Operation[] = [
  { name: "QualifyLead", does: "account, contact and opportunity of a lead, all or none", source: "mt491164" },
];
