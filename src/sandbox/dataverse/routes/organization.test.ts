import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.ts";

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
