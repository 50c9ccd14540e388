import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { config, type DataverseConfig } from "../src/connectors/dataverse/config.ts";
import { type DataverseSession, ensureColumn, ensureKey, openSession } from "../src/connectors/dataverse/index.ts";
import { batchOf, fakeClock } from "../src/connectors/dataverse/stub.ts";
import type { Page, ReadRequest } from "../src/core/connector.ts";
import type { ObjectSchema } from "../src/core/schema.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/index.ts";

/** The connector against the sandbox: both were written from Microsoft's documentation, apart from each other. */

let sandbox: Sandbox;
let given: DataverseConfig;
let session: DataverseSession;
let contact: ObjectSchema;
const clock = fakeClock();
const on = new AbortController().signal;

const control = async (path: string, body?: unknown, method = "POST"): Promise<unknown> => {
  const answer = await fetch(`${sandbox.origin}/_sandbox/${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  expect(answer.ok, `${method} ${path}: ${text}`).toBe(true);
  return text === "" ? undefined : JSON.parse(text);
};

/** Requests of the Web API so far whose address holds `part`. */
const sent = async (part: string): Promise<number> => {
  const { requests } = (await control("requests", undefined, "GET")) as { requests: { path: string }[] };
  return requests.filter((r) => r.path.includes(part)).length;
};

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  const { BASE_URL, TENANT_ID, CLIENT_ID, CLIENT_SECRET, TOKEN_URL } = sandbox.env;
  given = config.parse({
    url: BASE_URL,
    tenant: TENANT_ID,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    tokenUrl: TOKEN_URL,
  });
});
afterAll(() => sandbox.close());

beforeEach(async () => {
  await session?.close();
  await control("reset");
  session = openSession(given, { base: "." }, { clock });
  await ensureColumn(session, "contact", { name: "new_Number", title: "Number", type: "text", maxLength: 20 });
  await ensureKey(session, "contact", { name: "new_NumberKey", title: "Number", columns: ["new_number"] });
  contact = await session.describe("contact");
});
afterAll(() => session.close());

type Row = Record<string, unknown>;
const person = (n: number, more: Row = {}): Row => ({
  "@odata.type": "Microsoft.Dynamics.CRM.contact",
  lastname: `Last ${n}`,
  new_number: `C-${n}`,
  ...more,
});
const people = (count: number) => Array.from({ length: count }, (_, n) => person(n));

async function read(request: Partial<ReadRequest> = {}): Promise<{ rows: Row[]; pages: Page[] }> {
  const pages: Page[] = [];
  const wanted = { columns: ["lastname", "new_number"], track: false, ...request };
  for await (const page of session.read(contact, wanted, on)) pages.push(page);
  const rows = pages.flatMap((p) => JSON.parse(Buffer.from(p.body as Uint8Array).toString()).value as Row[]);
  return { rows, pages };
}

async function create(rows: Row[]): Promise<string[]> {
  const outcome = await session.write(contact, batchOf("create", rows), on);
  expect(outcome).toMatchObject({ status: "created", exceptions: [] });
  return outcome.ids!.map((i) => i.id);
}

/** An update of the given records; numbers are positions. */
function updateOf(ids: string[], columns: (i: number) => Row) {
  const rows = ids.map((contactid, i) => ({
    "@odata.type": "Microsoft.Dynamics.CRM.contact",
    contactid,
    ...columns(i),
  }));
  const batch = batchOf("update", rows);
  return withIds(batch, ids);
}

function withIds(batch: ReturnType<typeof batchOf>, ids: string[]): ReturnType<typeof batchOf> {
  return {
    ...batch,
    keys: async () => (await batch.keys()).map((k) => ({ ...k, id: ids[k.n]! })),
    split: async (parts) => (await batch.split(parts)).map((part) => withIds(part, ids)),
  };
}

describe("metadata", () => {
  test("contact is what Microsoft ships, and what we added", () => {
    expect(contact).toMatchObject({
      name: "contact",
      set: "contacts",
      id: "contactid",
      label: "fullname",
      can: { bulk: true, deltas: true },
    });
    expect(contact.keys).toContainEqual({ name: "new_numberkey", columns: ["new_number"], active: true });
    const column = (name: string) => contact.columns.find((c) => c.name === name);
    expect(column("new_number")).toMatchObject({ type: "text", maxLength: 20, create: true, update: true });
    expect(column("lastname")).toMatchObject({ type: "text", maxLength: 50 });
    expect(column("birthdate")).toMatchObject({ type: "date" });
    expect(column("createdon")).toMatchObject({ type: "datetime", create: false });
    expect(column("creditlimit")).toMatchObject({ type: "money", min: 0, precision: 2 });
    expect(column("numberofchildren")).toMatchObject({ type: "integer", min: 0, max: 1_000_000_000 });
    expect(column("address1_latitude")).toMatchObject({ type: "double", min: -90, max: 90 });
    expect(column("gendercode")?.choices).toEqual([
      { value: 1, label: "Male" },
      { value: 2, label: "Female" },
    ]);
    expect(column("donotemail")?.choices?.map((c) => c.value)).toEqual([0, 1]);
    expect(column("statuscode")?.choices).toContainEqual({ value: 2, label: "Inactive", state: 1 });
    expect(column("parentcustomerid")?.targets).toEqual([
      { object: "account", set: "accounts", navigation: "parentcustomerid_account" },
      { object: "contact", set: "contacts", navigation: "parentcustomerid_contact" },
    ]);
    expect(column("ownerid")?.targets).toEqual([
      { object: "systemuser", set: "systemusers", navigation: "ownerid" },
      { object: "team", set: "teams", navigation: "ownerid" },
    ]);
    expect(contact.columns.filter((c) => c.required)).toEqual([]);
    expect(column("gendercodename")).toBeUndefined();
  });

  test("every table can be described", async () => {
    const objects = await session.objects();
    expect(objects.length).toBeGreaterThan(12);
    for (const { name } of objects) expect((await session.describe(name)).columns.length).toBeGreaterThan(2);
    expect((await session.describe("list")).columns.find((c) => c.name === "createdfromcode")?.required).toBe(true);
    expect((await session.describe("listmember")).can.bulk).toBe(false);
  });
});

test.each(["8.2", "9.0", "9.1"] as const)("version %s works too, row by row", async (apiVersion) => {
  const old = openSession({ ...given, apiVersion }, { base: "." }, { clock });
  const schema = await old.describe("contact");
  expect(schema).toMatchObject({ set: "contacts", can: { bulk: false, deltas: true } });
  expect((await old.write(schema, batchOf("create", [person(1)]), on)).status).toBe("created");
  expect((await read()).rows).toHaveLength(1);
  await old.close();
});

test("what the wire writes arrives as it was, in every kind of column", async () => {
  const account = await session.describe("account");
  const made = await session.write(
    account,
    batchOf("create", [{ "@odata.type": "Microsoft.Dynamics.CRM.account", name: "A" }]),
    on,
  );
  const values: Record<string, string> = {
    lastname: `O'Neill "\\" 👩‍👧 é`,
    description: "a\nb\tc\u0001",
    birthdate: "1980-05-31",
    lastonholdtime: "2023-04-07T21:59:01Z",
    creditlimit: "1234.5",
    address1_latitude: "47.25",
    numberofchildren: "3",
    donotemail: "true",
    gendercode: "2",
    parentcustomerid: made.ids![0]!.id,
  };
  const fragments = Object.entries(values).map(([name, value]) => {
    const column = name === "parentcustomerid" ? { name, target: "account" } : { name };
    return session.wire.fragment(contact, column, `'${value.replaceAll("'", "''")}'`);
  });
  const db = await (await DuckDBInstance.create()).connect();
  const sql = `SELECT '{' || concat_ws(',', ${[session.wire.identity(contact, "create"), ...fragments].join(",")}) || '}' AS x FROM (SELECT NULL::VARCHAR AS id)`;
  const element = (await db.runAndReadAll(sql)).getRowObjectsJS()[0]!.x as string;
  db.closeSync();
  await create([JSON.parse(element)]);
  const { rows } = await read({ columns: Object.keys(values) });
  for (const [name, value] of Object.entries(values))
    expect(String(rows[0]![session.wire.property(contact, name)]), name).toBe(value);
});

test("1,200 rows: created, read in full and by id, updated, deleted", async () => {
  const ids = await create(people(1200));
  const all = await read();
  expect(all.rows).toHaveLength(1200);
  const some = await read({ ids: ids.slice(0, 1100) });
  expect(some.rows.map((r) => r.contactid).toSorted()).toEqual(ids.slice(0, 1100).toSorted());
  expect(
    await session.write(
      contact,
      updateOf(ids, (i) => ({ lastname: `New ${i}` })),
      on,
    ),
  ).toEqual({
    status: "updated",
    exceptions: [],
  });
  const gone = withIds(batchOf("delete", people(10)), ids);
  expect(await session.write(contact, gone, on)).toEqual({ status: "deleted", exceptions: [] });
  expect(await session.write(contact, gone, on)).toEqual({ status: "deleted", exceptions: [] });
  const left = (await read()).rows;
  expect(left).toHaveLength(1190);
  expect(left.every((r) => String(r.lastname).startsWith("New "))).toBe(true);
});

test("more than a page: links are followed to the end, and the cursor comes with the last", async () => {
  for (let i = 0; i < 6; i++) await create(people(1000).map((p, n) => ({ ...p, new_number: `${i}-${n}` })));
  const { pages, rows } = await read({ track: true });
  expect(pages.map((p) => [p.count, p.last, p.cursor !== undefined])).toEqual([
    [5000, false, false],
    [1000, true, true],
  ]);
  expect(new Set(rows.map((r) => r.contactid)).size).toBe(6000);
});

test("changes since: updates, creates and deletes, nothing else; then none", async () => {
  const ids = await create(people(10));
  const first = (await read({ track: true })).pages.at(-1)!.cursor!;
  await session.write(
    contact,
    updateOf(ids.slice(0, 3), () => ({ lastname: "Changed" })),
    on,
  );
  await session.write(contact, withIds(batchOf("delete", people(2)), ids.slice(8)), on);
  const [added] = await create([person(99)]);
  const { rows, pages } = await read({ cursor: first, columns: ["lastname"] });
  expect(rows.flatMap((r) => r.contactid ?? []).toSorted()).toEqual([...ids.slice(0, 3), added].toSorted());
  expect(pages.flatMap((p) => p.deleted).toSorted()).toEqual(ids.slice(8).toSorted());
  const none = await read({ cursor: pages.at(-1)!.cursor!, columns: ["lastname"] });
  expect(none.pages).toMatchObject([{ count: 0, last: true }]);
});

test("a cursor that is not known any more", async () => {
  await create(people(1));
  const cursor = (await read({ track: true })).pages.at(-1)!.cursor!;
  await control("change-tracking", { expire: true });
  await expect(read({ cursor, columns: ["lastname"] })).rejects.toMatchObject({ name: "CursorExpired" });
});

describe("bad rows", () => {
  test.each([
    ["too long", { lastname: "x".repeat(51) }, "0x80044331"],
    ["not an option", { gendercode: 7 }, "0x8004431a"],
    ["out of range", { numberofchildren: -1 }, "0x8004432f"],
    [
      "no such parent",
      { "parentcustomerid_account@odata.bind": "/accounts(00000000-0000-4000-8000-000000000001)" },
      "0x80040217",
    ],
  ])("%s: that one is rejected, the others are created", async (_, bad, code) => {
    const rows = people(40);
    rows[17] = person(17, bad);
    const { exceptions, status } = await session.write(contact, batchOf("create", rows), on);
    expect(status).toBe("created");
    expect(exceptions.filter((e) => e.status !== "created")).toMatchObject([{ n: 17, status: "rejected", code }]);
    expect((await read()).rows.map((r) => r.contactid).toSorted()).toEqual(
      exceptions.flatMap((e) => e.id ?? []).toSorted(),
    );
  });

  test("a number that is taken is unknown on create, rejected on update", async () => {
    const ids = await create(people(2));
    const again = await session.write(contact, batchOf("create", [person(5), person(0), person(6)]), on);
    expect(again.exceptions.find((e) => e.n === 1)).toMatchObject({ status: "unknown", code: "0x80060892" });
    const taken = await session.write(
      contact,
      updateOf(ids, (i) => (i === 1 ? { new_number: "C-0" } : { lastname: "ok" })),
      on,
    );
    expect(taken).toMatchObject({ status: "updated", exceptions: [{ n: 1, status: "rejected", code: "0x80060892" }] });
  });

  test("a record deleted meanwhile is gone", async () => {
    const ids = await create(people(4));
    await session.write(contact, withIds(batchOf("delete", people(1)), [ids[2]!]), on);
    const outcome = await session.write(
      contact,
      updateOf(ids, () => ({ lastname: "x" })),
      on,
    );
    expect(outcome).toMatchObject({ status: "updated", exceptions: [{ n: 2, status: "rejected", code: "gone" }] });
  });

  test("row by row it is the same", async () => {
    const slow = { ...contact, can: { ...contact.can, bulk: false } };
    const rows = [person(0), person(1, { gendercode: 7 }), person(2)];
    const made = await session.write(slow, batchOf("create", rows), on);
    expect(made.exceptions.map((e) => e.status)).toEqual(["created", "rejected", "created"]);
    const ids = [made.exceptions[0]!.id!, "00000000-0000-4000-8000-000000000001", made.exceptions[2]!.id!];
    const outcome = await session.write(
      slow,
      updateOf(ids, () => ({ lastname: "x" })),
      on,
    );
    expect(outcome).toMatchObject({ status: "updated", exceptions: [{ n: 1, status: "rejected", code: "gone" }] });
    expect((await read()).rows).toHaveLength(2);
  });
});

describe("faults", () => {
  const bulk = { method: "POST", path: "CreateMultiple" };

  test("429 is obeyed, 503 is repeated", async () => {
    await control("faults", {
      match: bulk,
      times: 1,
      status: 429,
      code: "0x80072322",
      message: "Number of requests exceeded",
      retryAfter: 17,
    });
    await create(people(2));
    expect(clock.pauses.at(-1)).toBeGreaterThan(16_000);
    await control("faults", { match: bulk, times: 2, status: 503, code: "0x80040216", message: "busy" });
    await create([person(5)]);
    expect(await sent("CRM.CreateMultiple")).toBe(2 + 3);
  });

  test("a connection lost before or after the commit is unknown, and nothing is sent twice", async () => {
    for (const kind of ["resetBefore", "resetAfter"]) {
      await control("faults", { match: bulk, times: 1, [kind]: true });
      const before = (await read()).rows.length;
      expect(await session.write(contact, batchOf("create", [person(before), person(before + 1)]), on)).toEqual({
        status: "unknown",
        exceptions: [],
      });
      expect((await read()).rows.length - before).toBe(kind === "resetAfter" ? 2 : 0);
    }
  });

  test("a page cut short is read again", async () => {
    await create(people(3));
    await control("faults", { match: { method: "GET", path: "/contacts" }, times: 1, truncate: true });
    expect((await read()).rows).toHaveLength(3);
    expect(await sent("/contacts?")).toBe(2);
  });

  test("a plug-in that refuses a row, and one that rewrites a column", async () => {
    await control("plugins", { table: "contact", column: "lastname", equals: "Last 3", throws: "Not this one." });
    await control("plugins", { table: "contact", column: "firstname", rewrite: "upper" });
    const rows = Array.from({ length: 8 }, (_, n) => person(n, { firstname: "Ada" }));
    const { exceptions } = await session.write(contact, batchOf("create", rows), on);
    expect(exceptions.filter((e) => e.status !== "created")).toEqual([
      { n: 3, status: "rejected", code: "0x80040265", message: "Not this one." },
    ]);
    expect((await read({ columns: ["firstname"] })).rows.every((r) => r.firstname === "ADA")).toBe(true);
  });

  test("a bad row in a table one may not read any more stops with what is written accounted for", async () => {
    const ids = await create(people(4));
    await control("privileges", { table: "contact", privilege: "Write", allowed: false });
    await expect(
      session.write(
        contact,
        updateOf(ids, () => ({ lastname: "x" })),
        on,
      ),
    ).rejects.toMatchObject({
      code: "not_allowed",
      remedy: expect.stringContaining("prvWriteContact"),
    });
    await control("privileges", { table: "contact", privilege: "Read", allowed: false });
    await expect(read()).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("prvReadContact"),
    });
  });

  test("a missing privilege is named", async () => {
    await control("privileges", { table: "contact", privilege: "Create", allowed: false });
    await expect(session.write(contact, batchOf("create", people(2)), on)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("prvCreateContact"),
    });
  });

  test.each([
    ["secretExpired", "secret_wrong", /AADSTS7000222/],
    ["appDisabled", "secret_wrong", /AADSTS7000112/],
    ["noConsent", "secret_wrong", /AADSTS65001/],
    ["noUser", "not_allowed", /not a user of this environment/],
    ["noRole", "not_allowed", /no security role/],
    ["userDisabled", "not_allowed", /disabled/],
    ["blocked", "not_allowed", /policy/],
    ["administrationMode", "destination_failed", /administration mode/],
  ])("the application is %s: %s, in words", async (state, code, message) => {
    await control("app", { state });
    const other = openSession(given, { base: "." }, { clock });
    await expect(other.objects()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await other.close();
  });

  test("a wrong secret, tenant or client id has its own cause", async () => {
    for (const [wrong, code] of [
      [{ clientSecret: "no" }, "AADSTS7000215"],
      [{ clientId: "00000000-0000-4000-8000-000000000009" }, "AADSTS700016"],
    ] as const) {
      const other = openSession({ ...given, ...wrong }, { base: "." });
      await expect(other.objects()).rejects.toMatchObject({
        code: "secret_wrong",
        message: expect.stringContaining(code),
      });
      await other.close();
    }
    await expect(session.describe("kontact")).rejects.toMatchObject({ code: "unknown_object" });
  });
});
