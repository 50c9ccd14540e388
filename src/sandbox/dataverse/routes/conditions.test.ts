import { beforeEach, expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";

// dataverse.md section 4; perform-conditional-operations-using-web-api.md; the other pages are named.
const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";
const OTHER = "22222222-2222-2222-2222-222222222222";
const path = `contacts(${ID})`;
const codeOf = (answer: { status: number; json: { error: { code: string } } }) => [
  answer.status,
  answer.json?.error?.code,
];
const etag = async () => String((await client.api("GET", `${path}?$select=contactid`)).headers.etag);

beforeEach(async () => {
  await client.api("POST", "contacts", { contactid: ID, firstname: "Ada", lastname: "Lovelace" });
});

test("GET row: an etag in body and header, and a context that names the columns", async () => {
  const { json, headers } = await client.api("GET", `${path}?$select=firstname,lastname`);
  expect(json["@odata.context"]).toMatch(/\/\$metadata#contacts\(firstname,lastname\)\/\$entity$/);
  expect(json["@odata.etag"]).toMatch(/^W\/"\d+"$/);
  expect(headers.etag).toBe(json["@odata.etag"]);
  expect(headers["odata-version"]).toBe("4.0");
  expect((await client.api("GET", path)).json["@odata.context"]).toMatch(/\/\$metadata#contacts\/\$entity$/);
  expect(codeOf(await client.api("GET", `contacts(${OTHER})`))).toEqual([404, "0x80040217"]);
});

test("HEAD row: the headers of GET without the body", async () => {
  const answer = await client.api("HEAD", path);
  expect([answer.status, answer.text, answer.headers.etag]).toEqual([200, "", await etag()]);
  expect((await client.api("HEAD", `contacts(${OTHER})`)).status).toBe(404);
});

test("PATCH row: is an upsert", async () => {
  const made = await client.api("PATCH", `contacts(${OTHER})`, { lastname: "B" });
  expect([made.status, idIn(made)]).toEqual([204, OTHER]);
  const changed = await client.api("PATCH", path, { jobtitle: "Analyst" });
  expect([changed.status, idIn(changed)]).toEqual([204, ID]);
  const { json } = await client.api("GET", `${path}?$select=jobtitle,fullname`);
  expect(json).toMatchObject({ jobtitle: "Analyst", fullname: "Ada Lovelace" });
});

test("POST table: an id of the client's own is kept; a second row with it is refused", async () => {
  expect(idIn(await client.api("POST", "contacts", { contactid: OTHER }))).toBe(OTHER);
  expect(codeOf(await client.api("POST", "contacts", { contactid: OTHER }))).toEqual([412, "0x80040237"]);
});

test("DELETE row: 204, and 404 the second time", async () => {
  expect((await client.api("DELETE", path)).status).toBe(204);
  expect(codeOf(await client.api("DELETE", path))).toEqual([404, "0x80040217"]);
});

test("Prefer: return=representation: 201 for a created, 200 for a changed row, with the header that says so", async () => {
  const headers = { Prefer: "return=representation" };
  const changed = await client.api("PATCH", `${path}?$select=lastname`, { lastname: "K" }, headers);
  expect([changed.status, changed.json.lastname]).toEqual([200, "K"]);
  expect(changed.headers["preference-applied"]).toBe("return=representation");
  expect(changed.headers).not.toHaveProperty("odata-entityid");
  expect(changed.headers.etag).toBe(changed.json["@odata.etag"]);
  expect((await client.api("PATCH", `contacts(${OTHER})`, {}, headers)).status).toBe(201);
  expect((await client.api("POST", "contacts", {}, { Prefer: "return=minimal" })).status).toBe(204);
});

test("Prefer: return=representation: a wrong $select is found before anything is written", async () => {
  const headers = { Prefer: "return=representation" };
  expect((await client.api("POST", "contacts?$select=nope", {}, headers)).status).toBe(400);
  expect((await client.api("PATCH", `contacts(${OTHER})?$select=nope`, {}, headers)).status).toBe(400);
  expect((await client.api("GET", "contacts/$count")).text).toBe("1");
});

test("If-Match: * forbids creating, an etag guards a version", async () => {
  const patch = (address: string, value: string) =>
    client.api("PATCH", address, { jobtitle: "x" }, { "If-Match": value });
  expect(codeOf(await patch(`contacts(${OTHER})`, "*"))).toEqual([404, "0x80040217"]);
  expect((await patch(path, "*")).status).toBe(204);
  const old = await etag();
  expect((await patch(path, old)).status).toBe(204);
  const stale = await patch(path, old);
  expect(codeOf(stale)).toEqual([412, "0x80060882"]);
  expect(stale.json.error.message).toBe(
    "The version of the existing record doesn't match the RowVersion property provided.",
  );
  expect((await patch(path, `${old}, ${await etag()}`)).status).toBe(204);
  expect((await patch(path, "nonsense")).status).toBe(412);
});

test("If-Match: guards DELETE and single properties too", async () => {
  const old = await etag();
  await client.api("PATCH", path, { jobtitle: "x" });
  const headers = { "If-Match": old };
  expect(codeOf(await client.api("DELETE", path, undefined, headers))).toEqual([412, "0x80060882"]);
  expect(codeOf(await client.api("PUT", `${path}/jobtitle`, { value: "y" }, headers))).toEqual([412, "0x80060882"]);
  expect((await client.api("DELETE", path, undefined, { "If-Match": await etag() })).status).toBe(204);
});

test("If-None-Match: 304 for an unchanged row, but never with annotations", async () => {
  const headers = { "If-None-Match": await etag() };
  const same = await client.api("GET", path, undefined, headers);
  expect([same.status, same.text, same.headers.etag]).toEqual([304, "", headers["If-None-Match"]]);
  const annotated = { ...headers, Prefer: 'odata.include-annotations="*"' };
  expect((await client.api("GET", path, undefined, annotated)).status).toBe(200);
  await client.api("PATCH", path, { jobtitle: "x" });
  expect((await client.api("GET", path, undefined, headers)).status).toBe(200);
});

test("If-None-Match: * lets PATCH only create; null means nothing", async () => {
  const patch = (value: string) => client.api("PATCH", path, { jobtitle: "x" }, { "If-None-Match": value });
  const refused = await patch("*");
  expect(codeOf(refused)).toEqual([412, "0x80040237"]);
  expect(refused.json.error.message).toBe("A record with matching key values already exists.");
  expect((await patch("null")).status).toBe(204);
  expect((await client.api("PATCH", `contacts(${OTHER})`, {}, { "If-None-Match": "*" })).status).toBe(204);
});

test("GET property: one value with its context, 204 when empty", async () => {
  const { json } = await client.api("GET", `${path}/firstname`);
  expect(json["@odata.context"]).toMatch(new RegExp(`#contacts\\(${ID}\\)/firstname$`));
  expect(json.value).toBe("Ada");
  expect((await client.api("GET", `${path}/jobtitle`)).status).toBe(204);
});

test("GET property/$value: the bare value (retrieve-entity-using-web-api.md)", async () => {
  const answer = await client.api("GET", `${path}/firstname/$value`);
  expect([answer.status, answer.text, answer.headers["content-type"]]).toEqual([200, "Ada", "text/plain"]);
  expect((await client.api("GET", `${path}/statecode/$value`)).text).toBe("0");
  expect((await client.api("GET", `${path}/jobtitle/$value`)).status).toBe(204);
  expect((await client.api("PUT", `${path}/firstname/$value`, {})).status).toBe(405);
});

test("PUT property: changes one value, DELETE property: empties it (update-delete-entities-using-web-api.md)", async () => {
  expect((await client.api("PUT", `${path}/firstname`, { value: "Grace" })).status).toBe(204);
  expect((await client.api("GET", `${path}/fullname`)).json.value).toBe("Grace Lovelace");
  expect((await client.api("DELETE", `${path}/firstname`)).status).toBe(204);
  expect((await client.api("GET", `${path}/firstname`)).status).toBe(204);
  expect(codeOf(await client.api("PUT", `${path}/firstname`, {}))).toEqual([400, "0x80048d19"]);
});

test("DELETE property: not for a row that is not there", async () => {
  expect((await client.api("DELETE", `contacts(${OTHER})/firstname`)).status).toBe(404);
});

test("users and teams show both ids; their key in addresses is ownerid", async () => {
  const team = idIn(await client.api("POST", "teams", { name: "T" }));
  for (const address of [`teams(${team})`, `teams(ownerid=${team})`]) {
    const { json } = await client.api("GET", `${address}?$select=name`);
    expect(json).toMatchObject({ name: "T", teamid: team, ownerid: team });
  }
  expect(codeOf(await client.api("GET", `teams(teamid=${team})`))).toEqual([400, "0x80060890"]);
  const listed = (await client.api("GET", "systemusers?$select=domainname")).json.value[0];
  expect(listed.ownerid).toBe(listed.systemuserid);
  await client.api("PATCH", `teams(${team})`, { description: "x" });
  expect((await client.api("GET", `teams(${team})?$select=ownerid`)).json.ownerid).toBe(team);
  const filtered = await client.api("GET", `teams?$filter=ownerid eq ${team}&$select=name`);
  expect(filtered.json.value).toHaveLength(1);
});
