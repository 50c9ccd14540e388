import { expect, test } from "vitest";
import { getToken, targets, useSandbox } from "../raw-client.test-data.ts";
import { createRequestLog } from "./log.ts";

// The request log is the sandbox's own, and so is every expectation here; the codes of the answers in it are not looked at.
const client = useSandbox();
const call = (path: string, body = "") => ({
  method: "POST",
  path,
  query: "",
  headers: {},
  body: Buffer.from(body),
  origin: "",
});
const entry = { status: 200, write: true, rows: 1, ms: 0, responseBody: undefined };

test("GET requests: method, path, status, writes, rows and who asked; not the control API itself", async () => {
  await getToken(client);
  await client.api("GET", "contacts");
  await client.api(
    "POST",
    "contacts/Microsoft.Dynamics.CRM.CreateMultiple",
    targets([{ lastname: "a" }, { lastname: "b" }]),
  );
  await client.api("POST", "contacts", { nope: 1 });
  const { json } = await client.control("GET", "requests");
  expect([json.count, json.writes]).toEqual([4, 2]);
  const shown = json.requests.map((each: Record<string, unknown>) => [each.method, each.status, each.write, each.rows]);
  expect(shown).toEqual([
    ["POST", 200, false, 0],
    ["GET", 200, false, 0],
    ["POST", 200, true, 2],
    ["POST", 400, true, 0],
  ]);
  expect(json.requests[1]).toMatchObject({ path: "/api/data/v9.2/contacts", app: client.sandbox.env.CLIENT_ID });
  expect(json.requests[1].user).toBe((await client.api("GET", "WhoAmI")).json.UserId);
  expect(json.requests[1]).not.toHaveProperty("requestBody");
});

test("GET requests: chosen by number, path, method and status; a filter that is none is refused", async () => {
  await client.api("GET", "contacts");
  await client.api("POST", "contacts", { nope: 1 });
  await client.api("GET", "accounts");
  const numbers = async (query: string) =>
    (await client.control("GET", `requests?${query}`)).json.requests.map((each: { n: number }) => each.n);
  expect(await numbers("since=1")).toEqual([2, 3]);
  expect(await numbers("path=contacts&method=get")).toEqual([1]);
  expect(await numbers("status=400")).toEqual([2]);
  expect(await numbers("limit=2")).toEqual([1, 2]);
  expect((await client.control("GET", "requests?since=x")).status).toBe(400);
  expect((await client.control("GET", "requests?colour=red")).status).toBe(400);
});

test("POST requests/clear: forgets, and keeps bodies from then on where asked, credentials never", async () => {
  await client.control("POST", "requests/clear", { bodies: true });
  await client.api("POST", "contacts", { lastname: "body" });
  const token = (await getToken(client)).json.access_token;
  const { json, text } = await client.control("GET", "requests");
  expect(json.requests[0].requestBody).toBe('{"lastname":"body"}');
  expect(json.requests[1].requestBody).toContain("client_secret=(not kept)");
  for (const secret of [encodeURIComponent(client.sandbox.env.CLIENT_SECRET!), token, client.token]) {
    expect(text).not.toContain(secret);
  }
  await client.control("POST", "requests/clear");
  expect((await client.control("GET", "requests")).json).toEqual({ count: 0, writes: 0, requests: [] });
});

test("the log keeps the newest requests, counts all, and drops the oldest bodies first", () => {
  const log = createRequestLog(10, 100);
  log.clear({ bodies: true });
  for (let n = 0; n < 30; n++) log.add(call(String(n), "x".repeat(40)), { ...entry, path: String(n) });
  expect(log.list().length).toBeLessThanOrEqual(11);
  expect(log.list().at(-1)).toMatchObject({ n: 30, path: "29", requestBody: "x".repeat(40) });
  expect(log.list().filter((each) => each.requestBody !== undefined)).toHaveLength(2);
  expect(log.totals()).toEqual({ count: 30, writes: 30 });
});

test("a very long body is kept in part", () => {
  const log = createRequestLog();
  log.clear({ bodies: true });
  log.add(call("/a", "y".repeat(1_500_000)), { ...entry, path: "/a" });
  expect(log.list()[0]!.requestBody).toMatch(/y{9}\.\.\. \(500000 more\)$/);
});
