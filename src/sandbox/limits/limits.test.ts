import { expect, test } from "vitest";
import { startSandbox } from "../index.ts";
import { type Answer, targets, useSandbox } from "../raw-client.test-data.ts";
import { LIMIT_OPERATIONS } from "./figures.ts";

// Everything here: dataverse.md section 9 and api-limits.md, except the figures that are the sandbox's own.
const client = useSandbox();

const limit = async (changes: Record<string, unknown>) => {
  const answer = await client.control("POST", "limits", changes);
  expect([answer.text, answer.status]).toEqual(["", 204]);
};
const shown = async () => (await client.control("GET", "limits")).json;
const whoAmI = (headers?: Record<string, string>) => client.api("GET", "WhoAmI", undefined, headers);
const refusal = (answer: Answer) => [answer.status, answer.json?.error?.code, answer.headers["retry-after"]];

/** Hardly any waiting, and a window that no test outlasts. */
const QUICK = { speed: 1000, windowSeconds: 86_400 };

/** What a client with a cookie jar sends back. */
const cookieOf = (answer: Answer) => ({ cookie: [answer.headers["set-cookie"]].flat().join("; ") });

/** Sends a request that waits for its answer until `leave` lets its client go away. */
async function occupy(): Promise<() => Promise<void>> {
  const leaving = new AbortController();
  await limit({ readMs: 600_000 });
  const request = fetch(`${client.sandbox.origin}/api/data/v9.2/WhoAmI`, {
    headers: { authorization: `Bearer ${client.token}` },
    signal: leaving.signal,
  });
  const ended = expect(request).rejects.toThrow();
  const running = async () => (await shown()).users[0]?.running;
  while ((await running()) !== 1);
  await limit({ readMs: 0 });
  return async () => {
    leaving.abort();
    await ended;
    while ((await running()) !== 0);
  };
}

test("profile instant: no limits, no headers of them, no cookies, but the entitlement is counted", async () => {
  const answer = await whoAmI();
  expect(answer.headers).not.toHaveProperty("x-ms-ratelimit-burst-remaining-xrm-requests");
  expect(answer.headers).not.toHaveProperty("set-cookie");
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets([{}, {}, {}]));
  expect(await shown()).toMatchObject({ profile: "instant", users: [], entitlementUsed: [{ used: 4 }] });
});

test("profile documented: the figures of the documentation, and answers that take their time", async () => {
  await limit({ profile: "documented", speed: 100_000 });
  expect(await shown()).toMatchObject({
    profile: "documented",
    requests: 6000,
    windowSeconds: 300,
    executionMs: 1_200_000,
    concurrency: 52,
    createdRowMs: 11,
    updatedRowMs: 19,
    writeMs: 140,
  });
  expect((await whoAmI()).status).toBe(200);
  await client.control("POST", "reset");
  expect((await shown()).profile).toBe("instant");
});

test("limit requests: one more than allowed is refused, changes nothing and is in the log", async () => {
  await limit({ requests: 2 });
  await whoAmI();
  await client.api("POST", "contacts", { lastname: "in" });
  const refused = await client.api("POST", "contacts", { lastname: "out" });
  expect(refused.status).toBe(429);
  expect((await client.control("GET", "rows/contact")).json.value).toHaveLength(1);
  const { requests } = (await client.control("GET", "requests")).json;
  expect(requests.at(-1)).toMatchObject({ status: 429, write: true, rows: 0, user: requests[0].user });
  expect((await whoAmI({ "x-sandbox-user": "another user" })).status).toBe(200);
});

test("0x80072322: too many requests, with the documented text", async () => {
  await limit({ requests: 1, windowSeconds: 5 });
  await whoAmI();
  const refused = await whoAmI();
  expect(refusal(refused)).toEqual([429, "0x80072322", "5"]);
  expect(refused.json.error.message).toBe("Number of requests exceeded the limit of 1 over time window of 5 seconds.");
});

test("0x80072321: too much execution time, with the documented text", async () => {
  await limit({ executionMs: 1_200, readMs: 1_200, speed: 60 });
  expect((await whoAmI()).status).toBe(200);
  const refused = await whoAmI();
  expect(refusal(refused).slice(0, 2)).toEqual([429, "0x80072321"]);
  expect(refused.json.error.message).toBe(
    "Combined execution time of incoming requests exceeded limit of 1,200 milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.",
  );
});

test("0x80072326: too many at a time, with the documented text", async () => {
  await limit({ concurrency: 1 });
  const leave = await occupy();
  const refused = await whoAmI();
  expect(refusal(refused)).toEqual([429, "0x80072326", "1"]);
  expect(refused.json.error.message).toBe("Number of concurrent requests exceeded the limit of 1.");
  expect((await whoAmI()).headers["retry-after"]).toBe("2");
  await leave();
  expect((await whoAmI()).status).toBe(200);
});

test("Retry-After: whole seconds that grow when pushed; by the clock the time passes", async () => {
  await limit({ requests: 1 });
  await whoAmI();
  const told: number[] = [];
  for (let n = 0; n < 4; n++) {
    told.push(Number((await whoAmI()).headers["retry-after"]));
    await client.control("POST", "clock", { advanceMs: 1000 });
  }
  expect(told[0]).toBe(300);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told[3]! - told[0]!).toBeGreaterThan(8);
  await client.control("POST", "clock", { advanceMs: told[3]! * 1000 });
  // Tokens live an hour: this one is still good.
  expect((await whoAmI()).status).toBe(200);
});

test("Retry-After: grows with each of many calls at once, without any time passing", async () => {
  await limit({ requests: 5 });
  const answers = await Promise.all(Array.from({ length: 15 }, () => whoAmI()));
  const told = answers.filter(({ status }) => status === 429).map((each) => Number(each.headers["retry-after"]));
  expect(new Set(told).size).toBe(10);
  expect(Math.max(...told) - Math.min(...told)).toBeGreaterThan(30);
});

test("x-ms-ratelimit-burst-remaining-xrm-requests: what is left after this request", async () => {
  await limit({ requests: 100 });
  const left = async () => (await whoAmI()).headers["x-ms-ratelimit-burst-remaining-xrm-requests"];
  expect([await left(), await left()]).toEqual(["99", "98"]);
});

test("x-ms-ratelimit-time-remaining-xrm-requests: seconds, with two digits and a comma", async () => {
  await limit({ executionMs: 1_200_000, readMs: 540, ...QUICK });
  expect((await whoAmI()).headers["x-ms-ratelimit-time-remaining-xrm-requests"]).toBe("1,199.46");
});

test("x-ms-ratelimit-time-remaining-xrm-requests: a refused bulk write is charged as one write", async () => {
  await limit({ executionMs: 10_000, writeMs: 140, readMs: 0, ...QUICK });
  const refused = await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", { Targets: [] });
  expect([refused.status, refused.headers["x-ms-ratelimit-time-remaining-xrm-requests"]]).toEqual([400, "9.86"]);
  expect((await whoAmI()).headers["x-ms-ratelimit-time-remaining-xrm-requests"]).toBe("9.86");
});

test("x-ms-dop-hint: what dopHint says", async () => {
  await limit({ dopHint: 48 });
  expect((await whoAmI()).headers["x-ms-dop-hint"]).toBe("48");
});

test("limit dopHint: 8 where nothing else is set", async () => {
  expect((await whoAmI()).headers["x-ms-dop-hint"]).toBe("8");
});

test("x-ms-dop-hint: without limits too, on errors and refusals", async () => {
  await limit({ profile: "instant", dopHint: 5 });
  expect((await client.api("GET", "contacts?$top=x")).headers["x-ms-dop-hint"]).toBe("5");
  await limit({ requests: 1 });
  await whoAmI();
  const refused = await whoAmI();
  expect([refused.status, refused.headers["x-ms-dop-hint"]]).toEqual([429, "5"]);
});

test("ARRAffinity: a client that sends it back stays at its server and gets no other", async () => {
  await limit({ servers: 3, requests: 1 });
  const first = await whoAmI();
  expect(first.headers["set-cookie"]).toEqual([
    expect.stringMatching(/^ARRAffinity=[0-9a-f]{64};Path=\/;HttpOnly$/),
    expect.stringMatching(/^ARRAffinitySameSite=[0-9a-f]{64};Path=\/;HttpOnly;SameSite=None$/),
  ]);
  const again = await whoAmI(cookieOf(first));
  expect([again.status, again.headers["set-cookie"]]).toEqual([429, undefined]);
});

test("limit servers: without the cookie requests go round, and each server has limits of its own", async () => {
  await limit({ servers: 3, requests: 1 });
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await whoAmI());
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(new Set(answers.map((answer) => cookieOf(answer).cookie)).size).toBe(3);
  expect((await shown()).users.map(({ server }: { server: number }) => server)).toEqual([0, 1, 2]);
});

test("limit windowSeconds: the window in which all is counted", async () => {
  await limit({ requests: 1, windowSeconds: 60 });
  await whoAmI();
  expect((await whoAmI()).headers["retry-after"]).toBe("60");
  await client.control("POST", "clock", { advanceMs: 60_000 });
  expect((await whoAmI()).status).toBe(200);
});

test("limit executionMs: charged when a request comes in, whatever becomes of it", async () => {
  await limit({ executionMs: 100, writeMs: 60, ...QUICK });
  expect((await client.api("POST", "contacts", { nope: 1 })).status).toBe(400);
  expect((await client.api("POST", "contacts", {})).status).toBe(204);
  expect((await client.api("POST", "contacts", {})).status).toBe(429);
  expect((await shown()).users).toMatchObject([{ requests: 2, executionMs: 120, running: 0 }]);
});

test("limit concurrency: counts the requests that wait for their answer", async () => {
  await limit({ concurrency: 2 });
  const leave = await occupy();
  expect((await whoAmI()).status).toBe(200);
  await limit({ concurrency: 1 });
  expect((await whoAmI()).status).toBe(429);
  await leave();
});

test("limit speed: divides windows and waiting, not what is charged", async () => {
  await limit({ profile: "documented", speed: 60, requests: 1 });
  await client.api("POST", "contacts", {});
  expect((await whoAmI()).headers["retry-after"]).toBe("5");
  expect((await shown()).users).toMatchObject([{ executionMs: 140 }]);
});

/** One request of a batch. */
const part = (request: string, body = "") =>
  `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n${request} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${body}\r\n`;
const batch = (parts: string[], headers = {}) =>
  client.api("POST", "$batch", `${parts.join("")}--b--\r\n`, {
    "content-type": "multipart/mixed; boundary=b",
    ...headers,
  });
const BULK = "POST /api/data/v9.2/contacts/Microsoft.Dynamics.CRM.CreateMultiple";

// Section 7: a bulk message has its full execution time, and each item counts for the entitlement.
test("limit createdRowMs: a bulk message in a batch is charged and counted like one alone", async () => {
  await limit({ createdRowMs: 11, writeMs: 140, ...QUICK });
  const bulk = JSON.stringify(targets(Array.from({ length: 100 }, () => ({}))));
  expect((await batch([part(BULK, bulk)])).status).toBe(200);
  expect(await shown()).toMatchObject({ users: [{ executionMs: 1100 }], entitlementUsed: [{ used: 100 }] });
});

test("limit createdRowMs: what a failed change set has run and undone is charged too", async () => {
  await limit({ createdRowMs: 11, writeMs: 140, ...QUICK });
  const inSet = (id: number, request: string, body: string) =>
    part(request, body).replace("--b", "--s").replace("binary", `binary\r\nContent-ID: ${id}`);
  const bulk = inSet(1, BULK, JSON.stringify(targets(Array.from({ length: 100 }, () => ({})))));
  const failing = inSet(2, "POST /api/data/v9.2/contacts", '{"nope":1}');
  const set = `--b\r\nContent-Type: multipart/mixed; boundary=s\r\n\r\n${bulk}${failing}--s--\r\n`;
  expect((await batch([set])).status).toBe(400);
  expect(await shown()).toMatchObject({ users: [{ executionMs: 1240 }], entitlementUsed: [{ used: 101 }] });
  expect((await client.control("GET", "rows/contact")).json.value).toHaveLength(0);
});

test("limit writeMs: a part or a batch that cannot be read is one write", async () => {
  await limit({ writeMs: 140, readMs: 50, ...QUICK });
  await batch([part("GET /api/data/v9.2/$batch"), part("GET /api/data/v9.2/WhoAmI")], {
    prefer: "odata.continue-on-error",
  });
  expect((await shown()).users).toMatchObject([{ executionMs: 190 }]);
  await batch(["no parts"]);
  expect((await shown()).users).toMatchObject([{ executionMs: 330 }]);
});

test("limit writeMs: the parts of a batch are charged one by one, reads as reads", async () => {
  await limit({ executionMs: 10_000, writeMs: 140, readMs: 50, readRowMs: 0, ...QUICK });
  const answer = await batch([part("GET /api/data/v9.2/WhoAmI"), part("POST /api/data/v9.2/contacts", "{}")]);
  expect([answer.status, answer.headers["x-ms-ratelimit-time-remaining-xrm-requests"]]).toEqual([200, "9.81"]);
});

test("limit entitlement: each item of a bulk message and each part of a batch counts; nothing is refused", async () => {
  await limit({ entitlement: 3 });
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets([{}, {}, {}]));
  const read = part("GET /api/data/v9.2/WhoAmI");
  expect((await batch([read, read])).status).toBe(200);
  expect((await shown()).entitlementUsed).toMatchObject([{ used: 5 }]);
  await client.control("POST", "clock", { advance: "1d" });
  expect((await shown()).entitlementUsed).toMatchObject([{ used: 0 }]);
});

test("limit entitlementEnforced: beyond the entitlement is a 429 until the day is over", async () => {
  await limit({ entitlement: 2, entitlementEnforced: true });
  await whoAmI();
  await whoAmI();
  const refused = await whoAmI();
  expect(refusal(refused).slice(0, 2)).toEqual([429, "SandboxEntitlement"]);
  expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(86_400);
});

/** What the user is charged for three rows of a bulk message. */
async function chargedFor(action: string): Promise<number> {
  const rows = [1, 2, 3].map((n) => ({ contactid: `00000000-0000-0000-0000-00000000000${n}` }));
  const answer = await client.api("POST", `contacts/Microsoft.Dynamics.CRM.${action}`, targets(rows));
  expect(answer.status).toBeLessThan(300);
  return (await shown()).users[0].executionMs;
}

test("limit createdRowMs: each row of CreateMultiple is charged", async () => {
  await limit({ createdRowMs: 11, ...QUICK });
  expect(await chargedFor("CreateMultiple")).toBe(33);
});

test("limit updatedRowMs: each row of UpsertMultiple is charged", async () => {
  await limit({ updatedRowMs: 19, ...QUICK });
  expect(await chargedFor("UpsertMultiple")).toBe(57);
});

test("limit writeMs: a write of one record is charged", async () => {
  await limit({ writeMs: 140, ...QUICK });
  await client.api("POST", "contacts", {});
  expect((await shown()).users).toMatchObject([{ executionMs: 140 }]);
});

test("limit readMs: a read is charged", async () => {
  await limit({ readMs: 70, ...QUICK });
  await whoAmI();
  expect((await shown()).users).toMatchObject([{ executionMs: 70 }]);
});

test("limit readRowMs: each row that a read returns is charged", async () => {
  await client.api("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", targets([{}, {}, {}]));
  await limit({ readRowMs: 2, ...QUICK });
  await client.api("GET", "contacts?$select=fullname");
  expect((await shown()).users).toMatchObject([{ executionMs: 6 }]);
});

test("GET limits: figures in force and what is used of them", async () => {
  expect(await shown()).toMatchObject({ profile: "instant", servers: 1, speed: 1, users: [] });
});

test("POST limits: what makes no sense is refused and changes nothing", async () => {
  const before = await shown();
  const bad = [
    { profile: "quick" },
    { requests: 0 },
    { requests: 1.5 },
    { speed: 0 },
    { speed: "2" },
    { speed: null },
    { servers: 1000 },
    { writeMs: -1 },
    { windowSeconds: 1e99 },
    { nope: 1 },
    [],
    "{",
    "null",
  ];
  for (const body of bad) {
    const answer = await client.control("POST", "limits", body);
    expect([answer.status, answer.json.error.code], JSON.stringify(body)).toEqual([400, "control"]);
  }
  expect(await shown()).toEqual(before);
});

test.for([
  ["x"],
  ["ARRAffinity="],
  ["ARRAffinity=zz; ARRAffinitySameSite=00"],
  [";;;=;"],
  [`ARRAffinity=${"a".repeat(9000)}`],
])("a strange cookie (%s) is none", async ([cookie]) => {
  await limit({ servers: 2 });
  const answer = await whoAmI({ cookie: cookie! });
  expect([answer.status, answer.headers["set-cookie"]]).toEqual([200, expect.anything()]);
});

test("closing ends every wait", async () => {
  const sandbox = await startSandbox({ profile: "documented", servers: 2, speed: 2 });
  const ask = (path: string, init?: RequestInit) => fetch(`${sandbox.origin}${path}`, init);
  const { CLIENT_ID = "", CLIENT_SECRET = "", TOKEN_URL = "" } = sandbox.env;
  const form = { grant_type: "client_credentials", client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const body = new URLSearchParams({ ...form, scope: `${sandbox.origin}/.default` });
  const token = (await (await fetch(TOKEN_URL, { method: "POST", body })).json()) as { access_token: string };
  expect(await (await ask("/_sandbox/limits")).json()).toMatchObject({ profile: "documented", servers: 2, speed: 2 });
  await ask("/_sandbox/limits", { method: "POST", body: '{"readMs":600000}' });
  const headers = { authorization: `Bearer ${token.access_token}` };
  const waiting = expect(ask("/api/data/v9.2/WhoAmI", { headers })).rejects.toThrow();
  const running = async () => ((await (await ask("/_sandbox/limits")).json()) as { users: unknown[] }).users.length;
  while ((await running()) !== 1);
  await sandbox.close();
  await waiting;
});

test("figures that make no sense are refused at the start", async () => {
  await expect(startSandbox({ speed: -1 })).rejects.toThrow(/speed/);
});

test("every operation has a name of its own", () => {
  expect(new Set(LIMIT_OPERATIONS.map(({ name }) => name)).size).toBe(LIMIT_OPERATIONS.length);
});
