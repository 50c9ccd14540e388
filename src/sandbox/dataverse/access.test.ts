import { expect, test } from "vitest";
import { useSandbox } from "../raw-client.test-data.ts";

// Everything here: dataverse.md section 2.
const client = useSandbox();

test.each([
  ["no token", {}, "no header"],
  ["no bearer", { authorization: "Basic abc" }, "no header"],
  ["a foreign token", { authorization: "Bearer eyJhbGciOiJub25lIn0.e30.x" }, "has signed"],
])("%s is a 401 that tells the tenant and has no body", async (_name, headers: Record<string, string>, why) => {
  const answer = await client.raw("GET", "/api/data/v9.2/WhoAmI", undefined, headers);
  expect(answer.status).toBe(401);
  expect(answer.headers["x-sandbox-reason"]).toContain(why); // our own: docs/sandbox.md
  expect(answer.text).toBe("");
  const { env } = client.sandbox;
  expect(answer.headers["www-authenticate"]).toBe(
    `Bearer authorization_uri=${env.BASE_URL}/${env.TENANT_ID}/oauth2/authorize, resource_id=${env.BASE_URL}/`,
  );
});

test("WhoAmI names user, business unit and organisation, and hints at parallelism", async () => {
  const answer = await client.api("GET", "WhoAmI");
  expect(answer.status).toBe(200);
  expect(answer.json["@odata.context"]).toMatch(/\$metadata#Microsoft\.Dynamics\.CRM\.WhoAmIResponse$/);
  expect(Number(answer.headers["x-ms-dop-hint"])).toBeGreaterThan(0);
  const user = await client.api("GET", `systemusers(${answer.json.UserId})?$select=applicationid`);
  expect(user.json.applicationid).toBe(client.sandbox.env.CLIENT_ID);
});

// That ids repeat is ours: whatever another sandbox of the process was asked, the same calls have the same answers.
test("after a reset the same calls get the same request ids, batches included", async () => {
  const part =
    "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET /api/data/v9.2/nope HTTP/1.1\r\n\r\n\r\n--b--\r\n";
  const answers = async () => {
    await client.control("POST", "reset");
    const who = await client.api("GET", "WhoAmI");
    const batch = await client.api("POST", "$batch", part, { "content-type": "multipart/mixed; boundary=b" });
    expect(batch.text).toContain("REQ_ID: ");
    const ids = [who, batch].map(({ headers }) => headers["x-ms-service-request-id"]);
    return { ids, type: batch.headers["content-type"], text: batch.text };
  };
  const first = await answers();
  expect(new Set(first.ids).size).toBe(2);
  expect(await answers()).toEqual(first);
});

test("POST to WhoAmI is the documented 404 with an empty code", async () => {
  const answer = await client.api("POST", "WhoAmI", {});
  expect(answer.status).toBe(404);
  expect(answer.json.error.code).toBe("");
});

test.each([
  ["noUser", 403, "0x80072560"],
  ["noRole", 403, "0x80042f09"],
  ["userDisabled", 403, "0x80040225"],
  ["blocked", 403, "0x80095ffc"],
  ["administrationMode", 503, "0x8004a104"],
])("app state %s", async (state, status, code) => {
  await client.control("POST", "app", { state });
  const answer = await client.api("GET", "WhoAmI");
  expect([answer.status, answer.json.error.code]).toEqual([status, code]);
});

test.each([
  ["Read", "GET", "contacts", undefined],
  ["Create", "POST", "contacts", { lastname: "x" }],
  ["Create", "PATCH", "contacts(22222222-2222-2222-2222-222222222222)", { lastname: "x" }],
  ["Write", "PATCH", "contacts(11111111-1111-1111-1111-111111111111)", { lastname: "x" }],
  ["Delete", "DELETE", "contacts(11111111-1111-1111-1111-111111111111)", undefined],
  [
    "AppendTo",
    "POST",
    "contacts",
    { "parentcustomerid_contact@odata.bind": "/contacts(11111111-1111-1111-1111-111111111111)" },
  ],
])("without prv%sContact %s %s is a 403 that names the privilege", async (privilege, method, path, body) => {
  await client.api("POST", "contacts", { contactid: "11111111-1111-1111-1111-111111111111" });
  await client.control("POST", "privileges", { table: "contact", privilege, allowed: false });
  const answer = await client.api(method, path, body);
  expect([answer.status, answer.json.error.code]).toEqual([403, "0x80040220"]);
  expect(answer.json.error.message).toMatch(
    new RegExp(`is missing prv${privilege}Contact privilege .+ on OTC=2 for entity 'contact'`),
  );
  await client.control("POST", "privileges", { table: "contact", privilege, allowed: true });
  expect((await client.api(method, path, body)).status).toBeLessThan(300);
});

test("all four versions answer, others do not", async () => {
  for (const version of ["v8.2", "v9.0", "v9.1", "v9.2"]) {
    const answer = await client.raw("GET", `/api/data/${version}/`, undefined, {
      authorization: `Bearer ${client.token}`,
    });
    expect(answer.json["@odata.context"]).toBe(`${client.sandbox.origin}/api/data/${version}/$metadata`);
    expect(answer.json.value).toContainEqual({ name: "accounts", kind: "EntitySet", url: "accounts" });
  }
  expect(
    (await client.raw("GET", "/api/data/v9.9/WhoAmI", undefined, { authorization: `Bearer ${client.token}` })).status,
  ).toBe(404);
});

test("links in answers lead back to the host the client used", async () => {
  const headers = {
    authorization: `Bearer ${client.token}`,
    host: client.sandbox.origin.replace("http://127.0.0.1", "localhost"),
  };
  const answer = await client.raw("GET", "/api/data/v9.2/WhoAmI", undefined, headers);
  expect(answer.json["@odata.context"]).toMatch(/^http:\/\/localhost:/);
});
