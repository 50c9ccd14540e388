import { expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { CDS_SOLUTION, DEFAULT_PUBLISHER, DEFAULT_SOLUTION, roleId, SYSTEM_USER } from "../delivered-ids.ts";

// Rows an environment cannot be without: codes of web-service-error-codes.md.
const client = useSandbox();
const refusal = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error.code,
];
const me = async (): Promise<Record<string, string>> => (await client.api("GET", "WhoAmI")).json;
const baseCurrency = async (): Promise<string> =>
  (await client.api("GET", "organizations")).json.value[0]._basecurrencyid_value;

test.each<[string, () => Promise<string>, number, string]>([
  ["CannotDeleteSysAdmin", async () => `roles(${roleId("System Administrator")})`, 400, "0x80041d2e"],
  ["CannotDeleteSystemCustomizer", async () => `roles(${roleId("System Customizer")})`, 400, "0x80041d4a"],
  ["a delivered role (a guess)", async () => `roles(${roleId("Basic User")})`, 400, "0x8004022e"],
  ["BusinessUnitIsNotDisabled", async () => `businessunits(${(await me()).BusinessUnitId})`, 400, "0x80041d60"],
  ["BaseCurrencyNotDeletable", async () => `transactioncurrencies(${await baseCurrency()})`, 400, "0x80048cff"],
  ["CannotDeleteRestrictedPublisher", async () => `publishers(${DEFAULT_PUBLISHER})`, 400, "0x8004f006"],
  ["CannotDeleteRestrictedSolution", async () => `solutions(${DEFAULT_SOLUTION})`, 400, "0x8004f005"],
  ["CannotDeleteRestrictedSolution", async () => `solutions(${CDS_SOLUTION})`, 400, "0x8004f005"],
  ["CannotModifySpecialUser", async () => `systemusers(${SYSTEM_USER})`, 400, "0x80041d33"],
  ["one's own application user (a guess)", async () => `systemusers(${(await me()).UserId})`, 400, "0x8004022e"],
  ["no message Delete (gg309569)", async () => `organizations(${(await me()).OrganizationId})`, 405, "0x80040800"],
])("a row every environment has stays: %s", async (_, path, status, code) => {
  const address = await path();
  expect(refusal(await client.api("DELETE", address))).toEqual([status, code]);
  expect((await client.api("GET", address)).status).toBe(200);
});

test("an organization can be changed, not created, also not by an upsert (gg309569)", async () => {
  const refused = [405, "0x80040800"];
  expect(refusal(await client.api("POST", "organizations", { name: "two" }))).toEqual(refused);
  expect(refusal(await client.api("PATCH", `organizations(${roleId("none")})`, { name: "two" }))).toEqual(refused);
  const own = `organizations(${(await me()).OrganizationId})`;
  expect((await client.api("PATCH", own, { name: "renamed" })).status).toBe(204);
  expect((await client.api("GET", "organizations?$select=name")).json.value).toMatchObject([{ name: "renamed" }]);
});

test("CannotModifySysAdmin: neither the role itself nor what it holds is changed (0x80041d31)", async () => {
  const role = `roles(${roleId("System Administrator")})`;
  const refused = [400, "0x80041d31"];
  expect(refusal(await client.api("PATCH", role, { name: "x" }))).toEqual(refused);
  const { value } = (await client.api("GET", `${role}/roleprivileges_association?$top=1`)).json;
  const privilege = value[0].privilegeid;
  const pair = `${role}/roleprivileges_association(${privilege})/$ref`;
  expect(refusal(await client.api("DELETE", pair))).toEqual(refused);
  const back = `privileges(${privilege})/roleprivileges_association(${roleId("System Administrator")})/$ref`;
  expect(refusal(await client.api("DELETE", back))).toEqual(refused);
});

test("rows of the same tables that were added later can be deleted", async () => {
  const parent = `businessunits(${(await me()).BusinessUnitId})`;
  for (const [set, body] of [
    ["roles", { name: "R" }],
    ["businessunits", { name: "B", "parentbusinessunitid@odata.bind": parent }],
    ["systemusers", { lastname: "L", domainname: "l@x.y" }],
    [
      "publishers",
      { uniquename: "pub", friendlyname: "P", customizationprefix: "pub", customizationoptionvalueprefix: 20000 },
    ],
  ] as const) {
    const id = idIn(await client.api("POST", set, body));
    const gone = await client.api("DELETE", `${set}(${id})`);
    expect([set, gone.text, gone.status]).toEqual([set, "", 204]);
  }
});

test("a new business unit has its own id", async () => {
  const parent = `businessunits(${(await me()).BusinessUnitId})`;
  const id = idIn(await client.api("POST", "businessunits", { name: "B", "parentbusinessunitid@odata.bind": parent }));
  expect((await client.api("GET", `businessunits(${id})?$select=name`)).json).toMatchObject({
    businessunitid: id,
    name: "B",
  });
});
