import { expect, test } from "vitest";
import { addCustomerKey, useSandbox } from "../raw-client.test-data.ts";

const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";

test("POST plugins: they rewrite what is written, on create and update, and can be bypassed", async () => {
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

test("POST plugins: one that throws refuses the row with its own text (section 14)", async () => {
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

test("POST seed: sets what clients cannot, all or nothing; rows dumps what there is", async () => {
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

test("POST reset: makes all new: rows, ids, schema, plug-ins, faults, privileges, log, app", async () => {
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

test("POST privileges: one is taken away and given back (dataverse.md section 2)", async () => {
  const order = (allowed: boolean) => ({ table: "contact", privilege: "Read", allowed });
  await client.control("POST", "privileges", order(false));
  expect((await client.api("GET", "contacts")).json.error.code).toBe("0x80040220");
  await client.control("POST", "privileges", [order(true)]);
  expect((await client.api("GET", "contacts")).status).toBe(200);
});

test("DELETE privileges: all are given back", async () => {
  await client.control("POST", "privileges", { table: "contact", privilege: "Read", allowed: false });
  await client.control("DELETE", "privileges");
  expect((await client.api("GET", "contacts")).status).toBe(200);
});

test("POST app: what is wrong with it shows, until it is active again (dataverse.md section 2)", async () => {
  await client.control("POST", "app", { state: "noUser" });
  expect((await client.api("GET", "WhoAmI")).json.error.code).toBe("0x80072560");
  await client.control("POST", "app", { state: "active" });
  expect((await client.api("GET", "WhoAmI")).status).toBe(200);
});

test("GET rows/{table}: all of them, by logical or set name, without defaults that nobody set", async () => {
  await client.control("POST", "seed", { table: "account", rows: [{ name: "a" }, { name: "b" }] });
  const names = async (table: string) =>
    (await client.control("GET", `rows/${table}`)).json.value.map((each: { name: string }) => each.name);
  expect([await names("account"), await names("accounts")]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});
