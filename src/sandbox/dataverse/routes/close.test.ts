import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Messages that end a row's life: the page use-web-api-actions, the action pages mt607971 and mt491164.
const client = useSandbox();
const id = (n: number) => `${String(n).padStart(8, "0")}-0000-0000-0000-000000000000`;
const bind = { "opportunityid@odata.bind": `/opportunities(${id(1)})` };
const opportunity = async () =>
  (await client.api("GET", `opportunities(${id(1)})?$select=statecode,statuscode,actualvalue,actualclosedate`)).json;

beforeEach(async () => {
  await client.api("POST", "opportunities", { opportunityid: id(1), name: "o", estimatedvalue: 500 });
});

test("WinOpportunity: the page's example; end and revenue are kept", async () => {
  const body = {
    Status: 3,
    OpportunityClose: {
      subject: "Won Opportunity",
      "opportunityid@odata.bind": `${client.sandbox.origin}/api/data/v9.2/opportunities(${id(1)})`,
    },
  };
  const answer = await client.api("POST", "WinOpportunity", body);
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(await opportunity()).toMatchObject({ statecode: 1, statuscode: 3, actualvalue: 500 });
  expect((await client.api("POST", "WinOpportunity", body)).status).toBe(400);
});

test("LoseOpportunity: with a status of that state, -1 for its default", async () => {
  const lose = (Status: unknown, more = {}) =>
    client.api("POST", "LoseOpportunity", { Status, OpportunityClose: { ...bind, ...more } });
  expect((await lose(3)).json.error.code).toBe("0x80048408");
  expect((await lose("4")).status).toBe(400);
  expect((await lose(5, { actualend: "2024-02-03", actualrevenue: 7 })).status).toBe(204);
  expect(await opportunity()).toMatchObject({
    statecode: 2,
    statuscode: 5,
    actualvalue: 7,
    actualclosedate: "2024-02-03",
  });
});

test("CloseIncident: the way to Resolved", async () => {
  await client.api("POST", "accounts", { accountid: id(3), name: "a" });
  await client.api("POST", "incidents", {
    incidentid: id(2),
    title: "t",
    "customerid_account@odata.bind": `accounts(${id(3)})`,
  });
  const body = { Status: -1, IncidentResolution: { subject: "done", "incidentid@odata.bind": `/incidents(${id(2)})` } };
  expect((await client.api("POST", "CloseIncident", body)).status).toBe(204);
  expect((await client.api("GET", `incidents(${id(2)})?$select=statecode,statuscode`)).json).toMatchObject({
    statecode: 1,
    statuscode: 5,
  });
});

test.each([
  ["no Status", { OpportunityClose: bind }, 400],
  ["no activity", { Status: 3 }, 400],
  ["an activity that is none", { Status: 3, OpportunityClose: "x" }, 400],
  ["no opportunity", { Status: 3, OpportunityClose: { subject: "x" } }, 400],
  ["another table", { Status: 3, OpportunityClose: { "opportunityid@odata.bind": `/accounts(${id(1)})` } }, 400],
  ["no such row", { Status: 3, OpportunityClose: { "opportunityid@odata.bind": `/opportunities(${id(9)})` } }, 404],
  ["an unknown property", { Status: 3, OpportunityClose: { ...bind, nope: 1 } }, 400],
  ["an unknown parameter", { Status: 3, OpportunityClose: bind, More: 1 }, 400],
  ["a revenue that is none", { Status: 3, OpportunityClose: { ...bind, actualrevenue: "much" } }, 400],
])("WinOpportunity refused: %s", async (_name, body, status) => {
  expect((await client.api("POST", "WinOpportunity", body)).status).toBe(status);
  expect((await opportunity()).statecode).toBe(0);
});

const LEAD = id(20);
const qualify = (body: Record<string, unknown>) =>
  client.api("POST", `leads(${LEAD})/Microsoft.Dynamics.CRM.QualifyLead`, body);
const ALL = { CreateAccount: true, CreateContact: true, CreateOpportunity: true, Status: 3 };
async function lead(): Promise<void> {
  await client.api("POST", "leads", {
    leadid: LEAD,
    subject: "Deal",
    firstname: "A",
    lastname: "B",
    companyname: "Firm",
    address1_city: "X",
    budgetamount: 9,
  });
}

test("QualifyLead: makes the three rows, linked, and closes the lead", async () => {
  await lead();
  const answer = await qualify(ALL);
  expect(answer.status).toBe(200);
  expect(answer.json.value.map((row: Record<string, string>) => row["@odata.type"])).toEqual([
    "#Microsoft.Dynamics.CRM.account",
    "#Microsoft.Dynamics.CRM.contact",
    "#Microsoft.Dynamics.CRM.opportunity",
  ]);
  const [account, contact, deal] = answer.json.value;
  expect((await client.api("GET", `accounts(${account.accountid})`)).json).toMatchObject({
    name: "Firm",
    address1_city: "X",
    _originatingleadid_value: LEAD,
  });
  expect((await client.api("GET", `contacts(${contact.contactid})`)).json).toMatchObject({
    fullname: "A B",
    _parentcustomerid_value: account.accountid,
  });
  expect((await client.api("GET", `opportunities(${deal.opportunityid})`)).json).toMatchObject({
    name: "Deal",
    budgetamount: 9,
    _customerid_value: account.accountid,
    _originatingleadid_value: LEAD,
  });
  const closed = {
    statecode: 1,
    statuscode: 3,
    _parentaccountid_value: account.accountid,
    _parentcontactid_value: contact.contactid,
  };
  expect((await client.api("GET", `leads(${LEAD})`)).json).toMatchObject(closed);
  expect((await qualify(ALL)).status).toBe(400);
});

test("a qualified lead's opportunity takes the customer, currency and campaign it is given; a wrong status undoes all", async () => {
  await lead();
  await client.api("POST", "accounts", { accountid: id(30), name: "a" });
  await client.api("POST", "campaigns", { campaignid: id(31), name: "c" });
  const OpportunityCustomerId = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: id(30) };
  const body = {
    CreateAccount: false,
    CreateContact: false,
    CreateOpportunity: true,
    OpportunityCustomerId,
    SourceCampaignId: { campaignid: id(31) },
  };
  expect((await qualify({ ...body, Status: 1 })).json.error.code).toBe("0x80048408");
  expect((await client.api("GET", "opportunities/$count")).text).toBe("1");
  const answer = await qualify({ ...body, Status: -1 });
  const deal = await client.api("GET", `opportunities(${answer.json.value[0].opportunityid})`);
  expect(deal.json).toMatchObject({ _customerid_value: id(30), _campaignid_value: id(31) });
});

test.each([
  ["a missing flag", { CreateAccount: true, CreateContact: true, Status: 3 }],
  ["a flag that is none", { ...ALL, CreateAccount: 1 }],
  ["a status that is none", { ...ALL, Status: "3" }],
  [
    "a customer of another table",
    { ...ALL, OpportunityCustomerId: { "@odata.type": "Microsoft.Dynamics.CRM.opportunity", opportunityid: id(1) } },
  ],
  ["a currency that is none", { ...ALL, OpportunityCurrencyId: "EUR" }],
])("QualifyLead refused: %s", async (_name, body) => {
  await lead();
  expect((await qualify(body)).status).toBe(400);
  expect((await client.api("GET", `leads(${LEAD})?$select=statecode`)).json.statecode).toBe(0);
});
