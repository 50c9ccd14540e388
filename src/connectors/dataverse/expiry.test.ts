import { expect, test } from "vitest";
import type { DataverseConfig } from "./config.ts";
import { expiringSecrets } from "./expiry.ts";
import { dataverse } from "./index.ts";

const noon = (day: string) => Date.parse(`${day}T12:00:00Z`);
const connection: DataverseConfig = {
  url: "https://contoso.crm4.dynamics.com",
  tenant: "contoso.com",
  tokenUrl: "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
  credentials: [
    { clientId: "a", clientSecret: "very-secret", secretExpires: "2027-01-31" },
    { clientId: "b", clientSecret: "very-secret" },
    { managedIdentity: true },
  ],
};

test.each([
  ["2026-12-31", []],
  ["2027-01-01", ["The client secret of client id a expires on 2027-01-31, in 30 days."]],
  ["2027-01-30", ["The client secret of client id a expires on 2027-01-31, tomorrow."]],
  ["2027-01-31", ["The client secret of client id a expires on 2027-01-31, today."]],
  ["2027-02-01", ["The client secret of client id a expired on 2027-01-31."]],
])("on %s: %j", (today, warnings) => {
  expect(expiringSecrets(connection, noon(today))).toEqual(warnings);
  expect(dataverse.warnings(connection, noon(today))).toEqual(warnings);
});
