import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { OBJECT, person } from "./person.test-data.ts";

// Impersonation: dataverse.md section 12 and impersonate-another-user-web-api.md; who may come in: section 2.
const client = useSandbox();

const UNKNOWN = "99999999-9999-4999-8999-999999999999";
const refusal = ({ status, json }: { status: number; json: { error: { code: string } } }) => [status, json.error.code];

test.each([
  ["CallerObjectId", () => OBJECT],
  ["MSCRMCallerID", (user: string) => user],
])("%s makes the row the other's, and tells who really wrote it", async (name, value) => {
  const user = await person(client, ["System Administrator"]);
  const { UserId: app } = (await client.api("GET", "WhoAmI")).json;
  const headers = { [name]: value(user) };
  const whole = { ...headers, prefer: "return=representation" };
  const body = { name: "Sample Account created using impersonation" };
  const made = await client.api("POST", "accounts", body, whole);
  expect(made.json).toMatchObject({ _createdby_value: user, _createdonbehalfby_value: app, _ownerid_value: user });
  expect(made.json).toMatchObject({ _modifiedby_value: user, _modifiedonbehalfby_value: app });
  const path = `accounts(${made.json.accountid})`;
  const own = await client.api("PATCH", path, { name: "x" }, { prefer: "return=representation" });
  expect(own.json).toMatchObject({ _modifiedby_value: app, _modifiedonbehalfby_value: null });
  const again = await client.api("PATCH", path, { name: "y" }, whole);
  expect(again.json).toMatchObject({ _modifiedby_value: user, _modifiedonbehalfby_value: app });
});

test("CallerObjectId: WhoAmI tells the impersonated user", async () => {
  const user = await person(client, ["Basic User"]);
  expect((await client.api("GET", "WhoAmI", undefined, { CallerObjectId: OBJECT })).json.UserId).toBe(user);
  const braces = { CallerObjectId: `{${OBJECT.toUpperCase()}}` };
  expect((await client.api("GET", "WhoAmI", undefined, braces)).json.UserId).toBe(user);
});

test("MSCRMCallerID: counts where CallerObjectId is not given", async () => {
  const user = await person(client, ["Basic User"]);
  expect((await client.api("GET", "WhoAmI", undefined, { MSCRMCallerID: user })).json.UserId).toBe(user);
  const both = { CallerObjectId: OBJECT, MSCRMCallerID: UNKNOWN };
  expect((await client.api("GET", "WhoAmI", undefined, both)).json.UserId).toBe(user);
});

test.each([
  ["nobody's user id", { MSCRMCallerID: UNKNOWN }, 404, "0x80040217"],
  ["no id at all", { MSCRMCallerID: "me" }, 400, "0x80060888"],
  ["no id at all", { CallerObjectId: "x".repeat(5000) }, 400, "0x80060888"],
])("impersonating %s is refused", async (_what, headers, status, code) => {
  expect(refusal(await client.api("GET", "WhoAmI", undefined, headers as never))).toEqual([status, code]);
});

test("impersonating oneself is none: nothing is on behalf of anybody (powerapps-docs issue 2088)", async () => {
  const { UserId } = (await client.api("GET", "WhoAmI")).json;
  const headers = { MSCRMCallerID: UserId, prefer: "return=representation" };
  const made = await client.api("POST", "accounts", { name: "x" }, headers);
  expect(made.json).toMatchObject({ _createdby_value: UserId, _createdonbehalfby_value: null });
});

test("prvActOnBehalfOfAnotherUser: whoever lacks it cannot impersonate", async () => {
  const user = await person(client, ["Basic User"]);
  await client.control("POST", "privileges", { privilege: "prvActOnBehalfOfAnotherUser", allowed: false });
  expect(refusal(await client.api("GET", "WhoAmI", undefined, { MSCRMCallerID: user }))).toEqual([403, "0x80040204"]);
  await client.control("DELETE", "privileges");
  expect((await client.api("GET", "WhoAmI", undefined, { MSCRMCallerID: user })).status).toBe(200);
});

test("0x80040220: impersonated, one may only do what both may do; the text names the user acted as", async () => {
  const user = await person(client, ["Service Reader"]);
  const headers = { MSCRMCallerID: user };
  expect((await client.api("GET", "contacts", undefined, headers)).status).toBe(200);
  const refused = await client.api("POST", "contacts", { lastname: "x" }, headers);
  expect(refusal(refused)).toEqual([403, "0x80040220"]);
  expect(refused.json.error.message).toMatch(
    new RegExp(`^Principal user \\(Id=${user}, type=8, roleCount=1, privilegeCount=\\d+, accessMode=0\\), is missing `),
  );
});

test("0x80040225: a disabled user cannot act, nor be acted as", async () => {
  const MSCRMCallerID = await person(client, ["Basic User"], { isdisabled: true });
  const refused = await client.api("GET", "contacts", undefined, { MSCRMCallerID });
  expect(refusal(refused)).toEqual([403, "0x80040225"]);
});

test("0x80042f09: a user without a role can do nothing", async () => {
  const MSCRMCallerID = await person(client, []);
  expect(refusal(await client.api("GET", "WhoAmI", undefined, { MSCRMCallerID }))).toEqual([403, "0x80042f09"]);
});

test("0x80072560: an object id that is nobody's", async () => {
  const headers = { CallerObjectId: UNKNOWN };
  expect(refusal(await client.api("GET", "WhoAmI", undefined, headers))).toEqual([403, "0x80072560"]);
});

test("in a batch each part may act as another", async () => {
  const user = await person(client, ["Basic User"]);
  const part = (headers: string) =>
    `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET /api/data/v9.2/WhoAmI HTTP/1.1\r\n${headers}\r\n\r\n`;
  const body = `${part(`MSCRMCallerID: ${user}\r\n`)}${part("")}--b--\r\n`;
  const answer = await client.api("POST", "$batch", body, { "content-type": "multipart/mixed; boundary=b" });
  const users = [...answer.text.matchAll(/"UserId":"([^"]+)"/g)].map((match) => match[1]);
  expect(users).toEqual([user, (await client.api("GET", "WhoAmI")).json.UserId]);
});
