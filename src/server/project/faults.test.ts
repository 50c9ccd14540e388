import { expect, test } from "vitest";
import { config } from "../../connectors/dataverse/config.ts";
import { findings } from "./faults.ts";

const said = (given: object) =>
  findings(config, given, config.safeParse(given).error?.issues ?? [], true).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
const place = { url: "contoso.crm4.dynamics.com", tenant: "contoso.com" };

test("a misspelt key is told once, not also as what is missing without it", () => {
  expect(said({ ...place, credentials: [{ clientId: "a", certificat: "f.pem" }] })).toEqual([
    "credentials.0.certificat: `certificat` is not known here; did you mean `certificate`?",
  ]);
  expect(said({ ...place, clientID: "a", clientSecret: "s" })).toEqual([
    "clientID: `clientID` is not known here; did you mean `clientId`?",
  ]);
});

test("what is wrong beside a misspelt key is told as well", () => {
  expect(said({ ...place, apiVersion: "7", clientID: "a", clientId: "b", clientSecret: "s" })).toEqual([
    "clientID: `clientID` is not known here; did you mean `clientId`?",
    'apiVersion: `apiVersion`: "7" is not one of 8.2, 9.0, 9.1, 9.2.',
  ]);
});
