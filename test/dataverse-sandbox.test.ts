import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, onTestFinished, test } from "vitest";
import { ensureColumn, openSession } from "../src/connectors/dataverse/index.ts";
import { batchOf } from "../src/connectors/dataverse/stub.ts";
import {
  clock,
  contact,
  control,
  create,
  given,
  on,
  people,
  person,
  read,
  session,
  updateOf,
  withIds,
} from "./sandbox-contact.ts";

/** The connector against the sandbox: both were written from Microsoft's documentation, apart from each other. */

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
      { value: 1, label: "Male", labels: ["Male"] },
      { value: 2, label: "Female", labels: ["Female"] },
    ]);
    expect(column("donotemail")?.choices?.map((c) => c.value)).toEqual([0, 1]);
    expect(column("statuscode")?.choices).toContainEqual({
      value: 2,
      label: "Inactive",
      labels: ["Inactive"],
      state: 1,
    });
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

test("a column made a moment ago is seen, past the server's caches and past what is kept on disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-schema-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const requests = async () => {
    let count = 0;
    const io = { base: ".", cache: folder, onRequest: () => void count++ };
    const one = openSession({ ...given, apiVersion: "9.2" }, io, { clock });
    const { columns } = await one.describe("account");
    await one.describe("contact");
    await one.close();
    return { count, names: columns.map((c) => c.name) };
  };
  await control("metadata-lag", { ms: 60_000, metadata: true, rows: true });
  await requests();
  const signIn = 1;
  expect((await requests()).count).toBe(3 + signIn);
  await ensureColumn(session, "account", { name: "new_Moment", title: "Moment", type: "integer" });
  expect((await requests()).names).toContain("new_moment");
  await control("metadata-lag", { ms: 0 });
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
    const column = name === "parentcustomerid" ? { name, targets: ["account"] } : { name };
    return ["','", ...session.wire.fragment(contact, column, `'${value.replaceAll("'", "''")}'`)].join();
  });
  const db = await (await DuckDBInstance.create()).connect();
  const sql = `SELECT concat('{', ${[session.wire.identity(contact, "create"), ...fragments]}, '}') AS x FROM (SELECT NULL::VARCHAR AS id)`;
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
  const already = people(10).map((_, n) => ({ n, status: "deleted", code: "gone_already" }));
  expect(await session.write(contact, gone, on)).toEqual({ status: "deleted", exceptions: already });
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

test("values as people see them, beside the values, and which table a lookup points at", async () => {
  const account = await session.describe("account");
  const firm = batchOf("create", [{ "@odata.type": "Microsoft.Dynamics.CRM.account", name: "Nordwind" }]);
  const [{ id: firmId } = { id: "" }] = (await session.write(account, firm, on)).ids ?? [];
  const bound = { "parentcustomerid_account@odata.bind": `/accounts(${firmId})` };
  await create([person(1, { gendercode: 2, creditlimit: 1234.5, birthdate: "1990-05-17", ...bound })]);
  const columns = ["gendercode", "creditlimit", "birthdate", "parentcustomerid", "lastname"];
  const {
    rows: [row],
  } = await read({ columns, formatted: true, tables: true });
  const shown = (property: string) => [
    row![property],
    row![`${property}@OData.Community.Display.V1.FormattedValue`],
    row![`${property}@Microsoft.Dynamics.CRM.lookuplogicalname`],
  ];
  expect(shown("gendercode")).toEqual([2, "Female", undefined]);
  expect(shown("creditlimit")).toEqual([1234.5, "$1,234.50", undefined]);
  expect(shown("birthdate")).toEqual(["1990-05-17", "5/17/1990", undefined]);
  expect(shown("_parentcustomerid_value")).toEqual([firmId, "Nordwind", "account"]);
  expect(shown("lastname")).toEqual(["Last 1", undefined, undefined]);
});
