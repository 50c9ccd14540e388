import { request } from "node:http";
import { expect, test } from "vitest";
import { addCustomerKey, getToken, targets, useSandbox } from "../raw-client.test-data.ts";
import type { Call } from "./exchange.ts";
import { createFaults, faultRule } from "./faults.ts";

// What a fault does is the sandbox's own; the errors it injects are those of dataverse.md sections 2, 9 and 14.
const client = useSandbox();
const fault = (...rules: object[]) => client.control("POST", "faults", rules);
const contacts = async () => Number((await client.api("GET", "contacts/$count")).text);
const create = (lastname: string) => client.api("POST", "contacts", { lastname });
const statuses = async (times: number, path = "WhoAmI") => {
  const seen: number[] = [];
  for (let n = 0; n < times; n++) seen.push((await client.api("GET", path)).status);
  return seen;
};

test("fault status: the documented code, text and Retry-After of a throttled request (section 9)", async () => {
  await fault({ status: 429, retryAfter: 7, times: 1 });
  const answer = await create("x");
  expect([answer.status, answer.headers["retry-after"], answer.json.error.code]).toEqual([429, "7", "0x80072322"]);
  expect(await contacts()).toBe(0);
});

test("fault retryAfter: seconds in a header of any error status", async () => {
  await fault({ status: 503, retryAfter: 30, times: 1 });
  expect((await create("x")).headers["retry-after"]).toBe("30");
});

// Section 9: every 429 has one. That `false` leaves it out is ours.
test("fault retryAfter: a 429 says 1 where nothing is given, and nothing where false is", async () => {
  const told = async (rule: object) => {
    await fault({ status: 429, times: 1, ...rule });
    return (await create("x")).headers["retry-after"];
  };
  expect(await told({})).toBe("1");
  expect(await told({ code: "0x80072326" })).toBe("1");
  expect(await told({ retryAfter: false })).toBeUndefined();
  expect(await told({ retryAfter: 0 })).toBe("0");
  expect(await told({ html: true })).toBeUndefined();
  expect((await fault({ status: 429, retryAfter: true })).status).toBe(400);
  await fault({ status: 503, times: 1 });
  expect((await create("x")).headers).not.toHaveProperty("retry-after");
});

test.each([
  ["0x80044339", "Database resource lock could not be obtained."],
  ["0x80044150", "Generic SQL error."],
])("fault code: %s brings its text (section 14)", async (code, message) => {
  await fault({ status: 500, code, times: 1 });
  const answer = await create("x");
  expect([answer.status, answer.json.error]).toEqual([500, { code, message }]);
});

test("fault code: the one given, instead of the status's own", async () => {
  await fault({ status: 429, code: "0x80072326", times: 1 });
  expect((await create("x")).json.error).toEqual({
    code: "0x80072326",
    message: "Number of concurrent requests exceeded the limit of 52.",
  });
});

test("fault message: the text as given", async () => {
  await fault({ status: 400, message: "no", times: 1 });
  expect((await create("x")).json.error).toEqual({ code: "0x80040265", message: "no" });
});

test("fault committed: an error status after the commit, as a gateway's timeout is", async () => {
  await fault({ status: 504, committed: true, times: 1 });
  expect((await create("x")).status).toBe(504);
  expect(await contacts()).toBe(1);
  expect((await client.control("GET", "requests?method=POST")).json.requests.at(-1)).toMatchObject({ rows: 1 });
});

test("fault html: an error page of a proxy, 502 unless told", async () => {
  await fault({ html: true, times: 1 }, { html: true, status: 503, nth: 2 });
  const answer = await create("x");
  expect([answer.status, answer.headers["content-type"]]).toEqual([502, "text/html; charset=utf-8"]);
  expect(answer.text).toContain("<h1>502 Bad Gateway</h1>");
  expect((await create("x")).status).toBe(503);
  expect(await contacts()).toBe(0);
});

test("fault malformed: JSON that ends too early, in a response that does not", async () => {
  await create("x");
  await fault({ malformed: true, match: { path: "contacts" }, times: 1 });
  const answer = await client.api("GET", "contacts");
  expect([answer.status, answer.json]).toEqual([200, undefined]);
  expect(answer.text).toMatch(/^\{"@odata\.context"/);
  expect(Number(answer.headers["content-length"])).toBe(Buffer.byteLength(answer.text));
});

test("fault contentType: the right body under another type", async () => {
  await fault({ contentType: "text/plain", times: 1 });
  const answer = await client.api("GET", "WhoAmI");
  expect([answer.headers["content-type"], answer.json.UserId.length]).toEqual(["text/plain", 36]);
});

test("fault latencyMs: holds the request back, also by a figure between two, and cuts nothing", async () => {
  await fault({ latencyMs: [30, 40], seed: 3, nth: 1 }, { latencyMs: 30, nth: 1 });
  const started = performance.now();
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(58);
});

test("fault seed: drawn latencies are the same for the same seed", () => {
  const drawn = (seed: number) => {
    const faults = createFaults();
    faults.add([faultRule.parse({ latencyMs: [0, 1000], seed })]);
    return Array.from({ length: 20 }, () => faults.next(call("GET", "/a"), "/a")?.latencyMs);
  };
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
});

test("fault resetBefore: nothing is committed", async () => {
  await fault({ match: { method: "POST" }, resetBefore: true, times: 1 });
  await expect(create("a")).rejects.toThrow();
  expect(await contacts()).toBe(0);
});

test("fault resetAfter: the row is there, the answer is not", async () => {
  await fault({ match: { method: "POST" }, resetAfter: true, times: 1 });
  await expect(create("a")).rejects.toThrow();
  expect(await contacts()).toBe(1);
});

test("fault truncate: the length is announced, half of it comes", async () => {
  await fault({ match: { method: "POST" }, truncate: true, times: 1 });
  await expect(
    client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets([{ lastname: "c" }])),
  ).rejects.toThrow();
  expect(await contacts()).toBe(1);
});

test("fault trickle: the whole body, in pieces", async () => {
  await fault({ trickle: { bytes: 40, everyMs: 1 }, times: 1 });
  const pieces = await new Promise<Buffer[]>((resolve, reject) => {
    const headers = { authorization: `Bearer ${client.token}` };
    request(`${client.sandbox.origin}/api/data/v9.2/WhoAmI`, { headers }, (response) => {
      const seen: Buffer[] = [];
      response.on("data", (piece: Buffer) => seen.push(piece)).on("end", () => resolve(seen));
    })
      .on("error", reject)
      .end();
  });
  expect(pieces.length).toBeGreaterThan(1);
  expect(JSON.parse(Buffer.concat(pieces).toString()).UserId).toHaveLength(36);
});

test("fault restart: every connection is cut, what was committed stays", async () => {
  await create("a");
  await fault({ restart: true, match: { path: "WhoAmI" }, times: 1 });
  await expect(client.api("GET", "WhoAmI")).rejects.toThrow();
  expect(await contacts()).toBe(1);
});

test("POST restart: cuts the connections of requests that wait", async () => {
  await fault({ latencyMs: 60_000, match: { path: "WhoAmI" }, times: 1 });
  const cut = expect(client.api("GET", "WhoAmI")).rejects.toThrow();
  while ((await client.control("GET", "faults")).json.faults.length > 0);
  await client.control("POST", "restart").catch(() => "cut as well");
  await cut;
});

test("fault expireTokens: 401 from then on, until a new token comes (section 2)", async () => {
  await fault({ expireTokens: true, nth: 2, match: { path: "WhoAmI" } });
  expect(await statuses(3)).toEqual([200, 401, 401]);
  const fresh = (await getToken(client)).json.access_token;
  expect((await client.api("GET", "WhoAmI", undefined, { authorization: `Bearer ${fresh}` })).status).toBe(200);
});

test("POST tokens/expire: refuses all tokens given out so far, and reset takes them again", async () => {
  await client.control("POST", "tokens/expire");
  const answer = await client.api("GET", "WhoAmI");
  expect([answer.status, String(answer.headers["www-authenticate"])]).toEqual([
    401,
    expect.stringContaining("authorization_uri="),
  ]);
  await client.control("POST", "reset");
  expect(await statuses(1)).toEqual([200]);
});

test("fault dropColumn: gone from metadata, rows and keys, before the request is answered", async () => {
  await addCustomerKey(client);
  await client.api("POST", "contacts", { lastname: "a", new_customerno: "1" });
  await fault({ dropColumn: { table: "contact", column: "new_customerno" }, nth: 1 });
  const answer = await client.api("GET", "contacts?$select=new_customerno");
  expect([answer.status, answer.json.error.message]).toEqual([
    400,
    "Could not find a property named 'new_customerno' on type 'Microsoft.Dynamics.CRM.contact'.",
  ]);
  const keys = await client.api("GET", "EntityDefinitions(LogicalName='contact')/Keys");
  expect(keys.json.value).toEqual([]);
  expect((await client.api("GET", "contacts?$select=lastname")).json.value).toHaveLength(1);
});

test.each([
  ["Pending", 400, ["Pending", "Active"]],
  ["Failed", 400, ["Failed", "Failed"]],
  ["dropped", 400, [undefined, undefined]],
])("fault setKey: %s", async (status, upsert, seen) => {
  await addCustomerKey(client);
  await fault({ setKey: { table: "contact", key: "new_customerkey", status }, nth: 1 });
  const patched = await client.api("PATCH", "contacts(new_customerno='1')", { lastname: "a" });
  expect(patched.status).toBe(upsert);
  const read = async () =>
    (await client.api("GET", "EntityDefinitions(LogicalName='contact')/Keys")).json.value[0]?.EntityKeyIndexStatus;
  expect([await read(), await read()]).toEqual(seen);
});

test("fault setKey: a failed key takes no more part, and the rows stay", async () => {
  await addCustomerKey(client);
  await client.api("POST", "contacts", { lastname: "a", new_customerno: "1" });
  await fault({ setKey: { table: "contact", key: "new_customerkey", status: "Failed" }, nth: 1 });
  expect((await client.api("GET", "contacts(new_customerno='1')")).status).toBe(400);
  expect((await client.api("POST", "contacts", { lastname: "b", new_customerno: "1" })).status).toBe(204);
  expect(await contacts()).toBe(2);
});

test("fault match: method, path, table and body must all fit; a batch is of the tables of its parts", () => {
  const faults = createFaults();
  faults.add([faultRule.parse({ status: 500, match: { method: "post", table: "contacts", body: "Ada" } })]);
  const hit = (method: string, path: string, body = "") => faults.next(call(method, path, body), path) !== undefined;
  expect(hit("POST", "/api/data/v9.2/contacts", '{"firstname":"Ada"}')).toBe(true);
  expect(hit("POST", "/api/data/v9.2/contacts(1)/x", "Ada")).toBe(true);
  expect(hit("GET", "/api/data/v9.2/contacts", "Ada")).toBe(false);
  expect(hit("POST", "/api/data/v9.2/contacts", "Eve")).toBe(false);
  expect(hit("POST", "/api/data/v9.2/contactsx", "Ada")).toBe(false);
  expect(hit("POST", "/api/data/v9.2/accounts?x=/contacts", "Ada")).toBe(false);
  expect(hit("POST", "/api/data/v9.2/$batch", "POST /api/data/v9.2/contacts HTTP/1.1\r\n\r\nAda")).toBe(true);
  expect(hit("POST", "/api/data/v9.2/$batch", "POST /api/data/v9.2/accounts HTTP/1.1\r\n\r\nAda")).toBe(false);
});

test("fault nth: only that request, or so many from it on", async () => {
  await fault({ nth: 2, status: 503 });
  expect(await statuses(4)).toEqual([200, 503, 200, 200]);
  await fault({ nth: 2, times: 2, status: 503 });
  expect(await statuses(4)).toEqual([200, 503, 503, 200]);
});

test("fault every: each nth", async () => {
  await fault({ every: 3, status: 503 });
  expect(await statuses(7)).toEqual([200, 200, 503, 200, 200, 503, 200]);
});

test("fault rate: the same requests for the same seed, and until removed", async () => {
  const pattern = async () => {
    await fault({ match: { path: "WhoAmI" }, rate: 0.5, seed: 7, status: 503 });
    const seen = await statuses(20);
    await client.control("DELETE", "faults");
    return seen;
  };
  const first = await pattern();
  expect(new Set(first)).toEqual(new Set([200, 503]));
  expect(await pattern()).toEqual(first);
  expect(await statuses(1)).toEqual([200]);
});

test("fault times: used up, and then out of the list", async () => {
  await fault({ status: 400, times: 2 });
  expect((await client.control("GET", "faults")).json.faults).toEqual([{ status: 400, times: 2, left: 2 }]);
  expect(await statuses(3)).toEqual([400, 400, 200]);
  expect((await client.control("GET", "faults")).json.faults).toEqual([]);
});

test("POST faults: hits the token endpoint as well, in its own envelope", async () => {
  await fault({ match: { path: "/oauth2/" }, status: 503, times: 1 });
  const answer = await getToken(client);
  expect([answer.status, answer.json.error]).toEqual([503, "temporarily_unavailable"]);
  expect((await getToken(client)).status).toBe(200);
});

test("POST faults: a 401 in the middle tells the tenant", async () => {
  await fault({ status: 401, nth: 2 });
  expect(await statuses(1)).toEqual([200]);
  expect((await client.api("GET", "WhoAmI")).headers["www-authenticate"]).toContain("authorization_uri=");
});

test("GET faults: what is in force", async () => {
  await fault({ status: 500, match: { table: "contact" } });
  expect((await client.control("GET", "faults")).json.faults).toEqual([{ status: 500, match: { table: "contacts" } }]);
});

test("DELETE faults: none any more", async () => {
  await fault({ status: 500 });
  await client.control("DELETE", "faults");
  expect(await statuses(1)).toEqual([200]);
});

test.each([
  {},
  { nope: 1 },
  { status: 200 },
  { status: "500" },
  { latencyMs: -1 },
  { latencyMs: [5, 1] },
  { latencyMs: 1e12 },
  { status: 500, rate: 2 },
  { status: 500, nth: 0 },
  { status: 500, every: 0.5 },
  { contentType: "text/html\r\nX: y" },
  { resetBefore: false },
  { dropColumn: { table: "nope", column: "x" } },
  { status: 500, match: { table: "nope" } },
  { status: 500, match: { colour: "red" } },
])("a rule that is none is refused in words, and nothing is added: %j", async (rule) => {
  const answer = await client.control("POST", "faults", [{ status: 500 }, rule]);
  expect([answer.status, answer.json.error.code]).toEqual([400, "control"]);
  expect((await client.control("GET", "faults")).json.faults).toEqual([]);
});

function call(method: string, path: string, body = ""): Call {
  return { method, path, query: "", headers: {}, body: Buffer.from(body), origin: "" };
}
