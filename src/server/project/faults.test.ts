import { expect, test } from "vitest";
import { config } from "../../connectors/dataverse/config.ts";
import { syncFile } from "../../core/project.ts";
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

test("what is missing is told in the words of the rule that wants it", () => {
  expect(said({ ...place, url: "data.example.com", clientId: "a", clientSecret: "s" })).toEqual([
    "tokenUrl: `tokenUrl`: say tokenUrl: where data.example.com signs in does not follow from its name.",
  ]);
  expect(said({ ...place, clientId: "a" })).toEqual([
    "clientSecret: `clientSecret`: clientSecret is missing; or say certificate, assertionFile or managedIdentity.",
  ]);
});

test("a number that is too small, a text without quotes and an element of a list are called what they are", () => {
  expect(said({ ...place, clientId: "a", clientSecret: 12345 })).toEqual([
    "clientSecret: `clientSecret` must be text, not a number; put it in quotes.",
  ]);
  expect(said({ ...place, clientId: "a", clientSecret: "s", bypass: ["custom"] })).toEqual([
    "bypass.0: `bypass` (number 1) cannot be what it is; allowed: customSync, customAsync.",
  ]);
  const sync = { model: "m", to: "c", object: "o", match: "x", mapping: { x: "x" }, leaveLimit: -1 };
  expect(findings(syncFile, sync, syncFile.safeParse(sync).error?.issues ?? [])).toEqual([
    { path: ["leaveLimit"], message: "`leaveLimit` must be at least 0, not -1." },
  ]);
});

test("of several shapes the one that knows most of the keys speaks", () => {
  const audience = (to: object) => {
    const sync = { model: "m", to: "c", object: "o", match: "x", mapping: { x: "x" }, audiences: { vip: to } };
    return findings(syncFile, sync, syncFile.safeParse(sync).error?.issues ?? []).map((f) => f.message);
  };
  expect(audience({ relationship: "x" })).toEqual(["`with` is missing."]);
  expect(audience({ listt: "A" })).toEqual(["`listt` is not known here; did you mean `list`?"]);
  expect(audience({ column: "b", list: "A" })).toEqual([
    "`list` cannot stand beside the other keys here; say one or the other.",
  ]);
});

test("what is wrong beside a misspelt key is told as well", () => {
  expect(said({ ...place, apiVersion: "7", clientID: "a", clientId: "b", clientSecret: "s" })).toEqual([
    "clientID: `clientID` is not known here; did you mean `clientId`?",
    'apiVersion: `apiVersion`: "7" is not one of 8.2, 9.0, 9.1, 9.2.',
  ]);
});
