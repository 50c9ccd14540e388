import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// The Web API function reference and the table reference page of organization.
const client = useSandbox();

test("RetrieveVersion: a version of 9.2", async () => {
  expect((await client.api("GET", "RetrieveVersion()")).json.Version).toMatch(/^9\.2\./);
});

test("RetrieveCurrentOrganization: the organization WhoAmI names, and its addresses", async () => {
  const { OrganizationId } = (await client.api("GET", "WhoAmI")).json;
  const path = "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')";
  const { json } = await client.api("GET", path);
  expect(json.Detail).toMatchObject({ OrganizationId, State: "Enabled" });
  const row = await client.api("GET", `organizations(${OrganizationId})?$select=name,languagecode`);
  expect(row.json).toMatchObject({ name: json.Detail.FriendlyName, languagecode: 1033 });
});

test("RetrieveAvailableLanguages: English", async () => {
  expect((await client.api("GET", "RetrieveAvailableLanguages()")).json.LocaleIds).toEqual([1033]);
});

test("RetrieveProvisionedLanguages: English", async () => {
  const { json } = await client.api("GET", "RetrieveProvisionedLanguages()");
  expect(json.RetrieveProvisionedLanguages).toEqual([1033]);
});

test("WhoAmI: the three ids, by GET only (dataverse.md section 2)", async () => {
  const { json } = await client.api("GET", "WhoAmI()");
  expect(Object.keys(json)).toEqual(["@odata.context", "BusinessUnitId", "UserId", "OrganizationId"]);
  const posted = await client.api("POST", "WhoAmI", {});
  expect([posted.status, posted.json.error.code]).toEqual([404, ""]);
});

test("RetrieveTotalRecordCount: rows of several tables, the list also as an alias (dataverse.md section 6)", async () => {
  await client.api("POST", "contacts", { lastname: "x" });
  const { json } = await client.api("GET", "RetrieveTotalRecordCount(EntityNames=['contact','account'])");
  expect(json.EntityRecordCountCollection).toMatchObject({ Count: 2, Keys: ["contact", "account"], Values: [1, 0] });
  const alias = await client.api("GET", `RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["contact"]`);
  expect(alias.json.EntityRecordCountCollection.Values).toEqual([1]);
});
