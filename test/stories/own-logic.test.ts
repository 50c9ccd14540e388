import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { standardFiles } from "../make-project.ts";
import { type Logged, peopleSync, type Row, useWorkbench } from "../workbench.ts";

/** What a customer has built on the table runs for every row that is written: the plan tells it by name beforehand. */

const bench = useWorkbench();
const people = (...rows: [id: string, name: string][]) =>
  bench.source(
    "people",
    rows.map(([id, name]) => ({ id, name, email: `${id}@example.com` })),
  );
const one = async (path: string): Promise<Row> => ((await bench.person("GET", path)).value as Row[])[0]!;

/** A step of a webhook that nobody hears: the plans of these stories send nothing. */
async function register(name: string, message: string, more: Row): Promise<void> {
  const hook = { contract: 8, authtype: 4, connectionmode: 1, userclaim: 1, url: "http://127.0.0.1:1/" };
  const { serviceendpointid } = await bench.person("POST", "serviceendpoints", { name, ...hook });
  const { sdkmessageid } = await one(`sdkmessages?$select=name&$filter=name eq '${message}'`);
  const of = `_sdkmessageid_value eq ${sdkmessageid} and primaryobjecttypecode eq 'contact'`;
  const { sdkmessagefilterid } = await one(`sdkmessagefilters?$select=sdkmessagefilterid&$filter=${of}`);
  await bench.person("POST", "sdkmessageprocessingsteps", {
    ...{ name, stage: 40, rank: 1, invocationsource: 0, supporteddeployment: 0 },
    "sdkmessageid@odata.bind": `/sdkmessages(${sdkmessageid})`,
    "sdkmessagefilterid@odata.bind": `/sdkmessagefilters(${sdkmessagefilterid})`,
    "eventhandler_serviceendpoint@odata.bind": `/serviceendpoints(${serviceendpointid})`,
    ...more,
  });
}

const flow = "de7153ba-9221-4079-82cc-c884bbd05dc0";
const process = { type: 1, scope: 4, primaryentity: "contact", statecode: 1, statuscode: 2 };

async function build(): Promise<void> {
  await register("Check names", "Update", { mode: 0, filteringattributes: "lastname,fax" });
  await register("Look at faxes", "Update", { mode: 0, filteringattributes: "fax" });
  await register("Greet", "Create", { mode: 1 });
  await register("Inner", "Create", { mode: 1, ishidden: { Value: true } });
  await register("Farewell", "Delete", { mode: 0 });
  const registration = { message: 7, scope: 4, runas: 3, version: 1, url: "https://example.com/" };
  const rows = {
    workflow: [
      { ...process, name: "Count leads", category: 0, mode: 0, triggeroncreate: true },
      { ...process, name: "A draft", category: 0, triggeroncreate: true, statecode: 0, statuscode: 1 },
      { ...process, name: "Tell sales", category: 5, primaryentity: "none", workflowid: flow },
    ],
    callbackregistration: [
      { ...registration, name: flow, entityname: "contact", filteringattributes: "emailaddress1" },
      { ...registration, name: "another table's", entityname: "account" },
    ],
  };
  for (const [table, some] of Object.entries(rows)) await bench.control("POST", "seed", { table, rows: some });
  await bench.person("PATCH", `organizations(${(await one("organizations?$select=name")).organizationid})`, {
    isauditenabled: true,
  });
  const audited = { IsAuditEnabled: { Value: true } };
  const contact = "EntityDefinitions(LogicalName='contact')";
  await bench.person("PUT", contact, audited);
  const text = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata" };
  await bench.person("PUT", `${contact}/Attributes(LogicalName='lastname')`, { ...text, ...audited });
}

/** Three people were loaded; one changes the name, one the address, one is new and one leaves. */
async function loaded(settings: Row = {}): Promise<void> {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true, ...settings }) });
  people(["1", "Ada"], ["2", "Ben"], ["3", "Cas"]);
  await bench.run();
  await build();
  bench.source("people", [
    { id: "1", name: "Ada L", email: "1@example.com" },
    { id: "2", name: "Ben", email: "new@example.com" },
    { id: "4", name: "Dan", email: "4@example.com" },
  ]);
}

const planned = async () => (await bench.plan()).plans[0]!;
const told = async () => {
  const { logic } = (await planned()).forecast;
  return logic.runs.map(({ kind, name, op, rows, sync, leftOut }) =>
    [kind, name, op, rows, sync ? "sync" : "async", ...(leftOut ? ["left out"] : [])].join(" "),
  );
};

test("steps, workflows, flows and audit are told by name, for the rows of the plan that start them", async () => {
  await loaded();
  const { forecast, run } = await planned();
  expect(await told()).toEqual([
    "plug-in step Check names update 1 sync",
    "plug-in step Greet create 1 async",
    "plug-in step Farewell delete 1 sync",
    "workflow Count leads create 1 async",
    "flow Tell sales create 1 async",
    "flow Tell sales update 1 async",
    "flow Tell sales delete 1 async",
  ]);
  expect(forecast.logic.audit.map(({ op, rows }) => [op, rows])).toEqual([
    ["create", 1],
    ["update", 1],
    ["delete", 1],
  ]);
  expect(forecast.logic.unknown).toEqual([]);
  const kept = join(bench.folder, ".sluice", "default", "people", "runs", run, "plan.json");
  expect(JSON.parse(readFileSync(kept, "utf8")).forecast).toEqual(forecast);
});

test("what is known of the logic is kept with the schema: the next plan asks nothing", async () => {
  await loaded();
  const first = await planned();
  await bench.control("POST", "requests/clear");
  expect((await planned()).forecast.logic).toEqual(first.forecast.logic);
  const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
  expect(requests.length).toBeGreaterThan(0);
  const asked = requests.filter(({ path }) =>
    /processingsteps|workflows|callbackregistrations|IsAuditEnabled/.test(path),
  );
  expect(asked).toEqual([]);
});

test("bypass leaves out what runs within the write or after it, suppressFlows the flows", async () => {
  const crm = `${standardFiles["connections/crm.yaml"]}bypass: [customAsync]\nsuppressFlows: true\n`;
  await loaded();
  bench.write("connections/crm.yaml", crm);
  expect(await told()).toEqual([
    "plug-in step Check names update 1 sync",
    "plug-in step Greet create 1 async left out",
    "plug-in step Farewell delete 1 sync",
    "workflow Count leads create 1 async left out",
    "flow Tell sales create 1 async left out",
    "flow Tell sales update 1 async left out",
    "flow Tell sales delete 1 async left out",
  ]);
});

test("who may not see it is told so, and the plan stands", async () => {
  await loaded();
  for (const table of ["sdkmessageprocessingstep", "callbackregistration"])
    await bench.control("POST", "privileges", { table, privilege: "Read", allowed: false });
  const { plan, forecast } = await planned();
  expect(plan).toMatchObject({ create: 1, update: 2, delete: 1 });
  expect(forecast.logic.runs.map(({ name }) => name)).toEqual(["Count leads"]);
  expect(forecast.logic.unknown).toEqual([
    expect.stringMatching(/^Flows of contact could not be looked at\. /),
    expect.stringMatching(/^Plug-in steps of contact could not be looked at\. /),
  ]);
});
