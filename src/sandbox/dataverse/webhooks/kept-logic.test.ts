import { beforeEach, expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { register } from "./receiver.test-data.ts";

// What acts on writes in Dataverse and is only kept here: references of workflow, callbackregistration and
// sdkmessageprocessingstep; bypass-custom-business-logic.md, bypass-power-automate-flows.md, manage-flows-with-code.md.
const client = useSandbox();
const read = async (path: string) => (await client.api("GET", path)).json;

beforeEach(async () => {
  await register(client, { url: "http://127.0.0.1:1/a" }, "Create", "contact", { mode: 1, name: "shown" });
  const hidden = { mode: 1, name: "hidden", ishidden: { Value: true } };
  await register(client, { url: "http://127.0.0.1:1/b" }, "Create", "contact", hidden);
});

test("BooleanManagedProperty: steps are found by `ishidden/Value` and the table of their filter, and show it whole", async () => {
  const steps = "sdkmessageprocessingsteps?$select=name,ishidden,customizationlevel";
  const of = "customizationlevel eq 1 and sdkmessagefilterid/primaryobjecttypecode eq 'contact'";
  const { value } = await read(`${steps}&$filter=ishidden/Value eq false and iscustomizable/Value eq true and ${of}`);
  expect(value).toEqual([
    expect.objectContaining({
      name: "shown",
      customizationlevel: 1,
      ishidden: { Value: false, CanBeChanged: true, ManagedPropertyLogicalName: "ishidden" },
    }),
  ]);
  expect((await read(`${steps}&$filter=ishidden/Value eq true`)).value).toMatchObject([{ name: "hidden" }]);
  const fetched = "<condition attribute='ishidden' operator='eq' value='1'/>";
  const fetch = `<fetch><entity name='sdkmessageprocessingstep'><attribute name='name'/><filter>${fetched}</filter></entity></fetch>`;
  expect((await read(`sdkmessageprocessingsteps?fetchXml=${encodeURIComponent(fetch)}`)).value).toHaveLength(1);
  const wrong = await client.api("PATCH", `sdkmessageprocessingsteps(${value[0].sdkmessageprocessingstepid})`, {
    ishidden: "yes",
  });
  expect(wrong.status).toBe(400);
  expect((await client.api("GET", `sdkmessageprocessingsteps?$filter=ishidden/Values eq true`)).status).toBe(400);
});

test("workflows: a process is made as a draft, switched on, and found by its category and table", async () => {
  const made = await client.api("POST", "workflows", {
    ...{ category: 0, name: "Greet", type: 1, primaryentity: "contact", scope: 4, mode: 0 },
    ...{ triggeroncreate: true, triggeronupdateattributelist: "lastname,firstname" },
  });
  const found =
    "workflows?$select=name&$filter=category eq 0 and type eq 1 and statecode eq 1 and primaryentity eq 'contact'";
  expect((await read(found)).value).toEqual([]);
  expect((await client.api("PATCH", `workflows(${idIn(made)})`, { statecode: 1, statuscode: 2 })).status).toBe(204);
  expect((await read(found)).value).toMatchObject([{ name: "Greet" }]);
});

test("callbackregistrations: who is called for a table; the address is never shown", async () => {
  const registration = {
    ...{
      name: "de7153ba-9221-4079-82cc-c884bbd05dc0",
      entityname: "account",
      message: 3,
      scope: 4,
      runas: 3,
      version: 1,
    },
    ...{ url: "https://example.com/secret", filteringattributes: "name" },
  };
  expect((await client.api("POST", "callbackregistrations", registration)).status).toBe(204);
  const listed = await client.api(
    "GET",
    "callbackregistrations?$filter=softdeletestatus eq 0 and entityname eq 'account'",
    undefined,
    { Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"' },
  );
  expect(listed.json.value).toMatchObject([
    { message: 3, "message@OData.Community.Display.V1.FormattedValue": "Modified", sdkmessagename: null },
  ]);
  expect(listed.text).not.toContain("secret");
});
