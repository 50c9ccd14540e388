import { expect, test } from "vitest";
import { addCustomerKey, getToken, targets, useSandbox } from "../raw-client.ts";

const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";

test("the log tells method, path, status, writes and rows; the control API itself is not in it", async () => {
  await getToken(client);
  await client.api("GET", "contacts");
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ lastname: "a" }, { lastname: "b" }]),
  );
  await client.api("POST", "contacts", { nope: 1 });
  const { json } = await client.control("GET", "requests");
  expect(json.count).toBe(4);
  expect(json.writes).toBe(2);
  expect(
    json.requests.map((each: { method: string; status: number; write: boolean; rows: number }) => [
      each.method,
      each.status,
      each.write,
      each.rows,
    ]),
  ).toEqual([
    ["POST", 200, false, 0],
    ["GET", 200, false, 0],
    ["POST", 200, true, 2],
    ["POST", 400, true, 0],
  ]);
  expect(json.requests[1].path).toBe("/api/data/v9.2/contacts");
  expect(json.requests[1]).not.toHaveProperty("requestBody");
});

test("bodies are kept once asked for", async () => {
  await client.control("POST", "requests/clear", { bodies: true });
  await client.api("POST", "contacts", { lastname: "body" });
  const { json } = await client.control("GET", "requests");
  expect(json.requests[0].requestBody).toBe('{"lastname":"body"}');
  await client.control("POST", "requests/clear");
  expect((await client.control("GET", "requests")).json.requests).toEqual([]);
});

test("a status fault fires on the nth match, once, with Retry-After", async () => {
  await client.control("POST", "faults", {
    match: { method: "POST", path: "contacts" },
    nth: 2,
    status: 429,
    retryAfter: 7,
  });
  const statuses: number[] = [];
  for (let n = 0; n < 3; n++) {
    const answer = await client.api("POST", "contacts", { lastname: "x" });
    statuses.push(answer.status);
    if (answer.status === 429) {
      expect(answer.headers["retry-after"]).toBe("7");
      expect(answer.json.error.code).toBe("0x80072322");
    }
  }
  expect(statuses).toEqual([204, 429, 204]);
  expect((await client.api("GET", "contacts/$count")).text).toBe("2");
});

test("a fault by rate is the same for the same seed, and stays until removed", async () => {
  const pattern = async () => {
    await client.control("POST", "faults", { match: { path: "WhoAmI" }, rate: 0.5, seed: 7, status: 503 });
    const statuses: number[] = [];
    for (let n = 0; n < 20; n++) statuses.push((await client.api("GET", "WhoAmI")).status);
    await client.control("DELETE", "faults");
    return statuses;
  };
  const first = await pattern();
  expect(new Set(first)).toEqual(new Set([200, 503]));
  expect(await pattern()).toEqual(first);
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
});

test("times uses a fault up; own code and message; 401 tells the tenant", async () => {
  await client.control("POST", "faults", [
    { status: 400, code: "0x80040265", message: "no", times: 1 },
    { status: 401, times: 1 },
  ]);
  expect((await client.api("GET", "WhoAmI")).json.error).toEqual({ code: "0x80040265", message: "no" });
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
  await client.control("POST", "faults", { status: 401, times: 1 });
  expect((await client.api("GET", "WhoAmI")).headers["www-authenticate"]).toContain("authorization_uri=");
  expect((await client.control("GET", "faults")).json.faults).toEqual([]);
});

test("reset before the commit leaves nothing, reset after it leaves the row, a cut body too", async () => {
  const count = async () => Number((await client.api("GET", "contacts/$count")).text);
  await client.control("POST", "faults", { match: { method: "POST" }, resetBefore: true, times: 1 });
  await expect(client.api("POST", "contacts", { lastname: "a" })).rejects.toThrow();
  expect(await count()).toBe(0);
  await client.control("POST", "faults", { match: { method: "POST" }, resetAfter: true, times: 1 });
  await expect(client.api("POST", "contacts", { lastname: "b" })).rejects.toThrow();
  expect(await count()).toBe(1);
  await client.control("POST", "faults", { match: { method: "POST" }, truncate: true, times: 1 });
  await expect(
    client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets([{ lastname: "c" }])),
  ).rejects.toThrow();
  expect(await count()).toBe(2);
  const { json } = await client.control("GET", "requests");
  const cut = json.requests.filter((each: { status: number }) => each.status === 0);
  expect(cut.map((each: { rows: number }) => each.rows)).toEqual([0, 1]);
});

test("latency holds the answer back, and closes nothing", async () => {
  await client.control("POST", "faults", { match: { path: "WhoAmI" }, latencyMs: 60, times: 1 });
  const started = performance.now();
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(50);
});

test("faults hit the token endpoint as well", async () => {
  await client.control("POST", "faults", { match: { path: "/oauth2/" }, status: 503, times: 1 });
  expect((await getToken(client)).status).toBe(503);
  expect((await getToken(client)).status).toBe(200);
});

test("plug-ins rewrite what is written, on create and update, and can be bypassed", async () => {
  await client.control("POST", "plugins", [
    { table: "contact", column: "lastname", rewrite: "upper" },
    { table: "contact", column: "jobtitle", rewrite: "suffix:!" },
    { table: "contact", column: "firstname", rewrite: "trim" },
  ]);
  const read = async () => (await client.api("GET", `contacts(${ID})?$select=fullname,jobtitle`)).json;
  await client.api("POST", "contacts", { contactid: ID, firstname: " Ada ", lastname: "x", jobtitle: "j" });
  expect(await read()).toMatchObject({ fullname: "Ada X", jobtitle: "j!" });
  await client.api("PATCH", `contacts(${ID})`, { lastname: "y" });
  expect(await read()).toMatchObject({ fullname: "Ada Y", jobtitle: "j!" });
  await client.api("PATCH", `contacts(${ID})`, { lastname: "z" }, { "MSCRM.BypassCustomPluginExecution": "true" });
  expect(await read()).toMatchObject({ fullname: "Ada z" });
  await client.control("DELETE", "plugins");
  await client.api("PATCH", `contacts(${ID})`, { lastname: "w" });
  expect(await read()).toMatchObject({ fullname: "Ada w" });
});

test("a plug-in that throws refuses the row with its own text (section 14)", async () => {
  await client.control("POST", "plugins", {
    table: "contact",
    column: "lastname",
    equals: "bad",
    throws: "We do not like this one.",
  });
  const answer = await client.api("POST", "contacts", { lastname: "bad" });
  expect([answer.status, answer.json.error]).toEqual([
    400,
    { code: "0x80040265", message: "We do not like this one." },
  ]);
  expect((await client.api("POST", "contacts", { lastname: "good" })).status).toBe(204);
});

test("seed sets what clients cannot, all or nothing; rows dumps what there is", async () => {
  const seeded = await client.control("POST", "seed", {
    table: "contact",
    rows: [{ contactid: ID, lastname: "S", createdon: "2020-01-02T03:04:05Z", statecode: 1 }, { lastname: "T" }],
  });
  expect(seeded.json.ids).toHaveLength(2);
  const { json } = await client.control("GET", "rows/contact");
  expect(json.value[0]).toMatchObject({
    contactid: ID,
    fullname: "S",
    createdon: "2020-01-02T03:04:05Z",
    statecode: 1,
    statuscode: 2,
  });
  const bad = await client.control("POST", "seed", { table: "contact", rows: [{ lastname: "U" }, { lastname: 5 }] });
  expect(bad.status).toBe(400);
  expect((await client.control("GET", "rows/contacts")).json.value).toHaveLength(2);
});

test("reset makes all new: rows, ids, schema, plug-ins, faults, privileges, log, app", async () => {
  const first = await client.api("POST", "contacts", { lastname: "a" });
  await addCustomerKey(client);
  await client.control("POST", "plugins", { table: "contact", column: "lastname", rewrite: "upper" });
  await client.control("POST", "privileges", { table: "contact", privilege: "Create", allowed: false });
  await client.control("POST", "app", { state: "noUser" });
  await client.control("POST", "faults", { status: 500 });
  expect((await client.control("POST", "reset")).status).toBe(204);
  expect((await client.control("GET", "requests")).json.count).toBe(0);
  const again = await client.api("POST", "contacts", { lastname: "a" });
  expect(again.headers["odata-entityid"]).toBe(first.headers["odata-entityid"]);
  expect(
    (await client.control("GET", "rows/contact")).json.value.map((each: { lastname: string }) => each.lastname),
  ).toEqual(["a"]);
});

test.each([
  ["POST", "nope", {}, 404],
  ["POST", "faults", { nope: 1 }, 400],
  ["POST", "faults", {}, 400],
  ["POST", "faults", { status: 200 }, 400],
  ["POST", "faults", { status: "500" }, 400],
  ["POST", "faults", 5, 400],
  ["POST", "faults", "{bad", 400],
  ["POST", "plugins", { table: "nope" }, 400],
  ["POST", "plugins", { table: "contact", column: "nope" }, 400],
  ["POST", "plugins", { table: "contact", column: "lastname", rewrite: "lower" }, 400],
  ["POST", "plugins", { table: "contact", column: "lastname", throws: "x" }, 400],
  ["POST", "privileges", { table: "contact", privilege: "Nope", allowed: false }, 400],
  ["POST", "privileges", { table: "contact", privilege: "Read" }, 400],
  ["POST", "app", { state: "nope" }, 400],
  ["POST", "change-tracking", { expired: "nope" }, 400],
  ["POST", "change-tracking", { table: "contact" }, 400],
  ["POST", "seed", { table: "nope", rows: [] }, 400],
  ["POST", "seed", { table: "contact", rows: {} }, 400],
  ["POST", "requests", {}, 404],
  ["GET", "rows/nope", undefined, 400],
])("a wrong order is answered in words: %s %s %j", async (method, path, body, status) => {
  const answer = await client.control(method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.json.error.message.length).toBeGreaterThan(10);
});
