import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contact } from "./stub.ts";
import { wire } from "./wire.ts";

let instance: DuckDBInstance;
let connection: Awaited<ReturnType<DuckDBInstance["connect"]>>;
beforeAll(async () => {
  instance = await DuckDBInstance.create();
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** The SQL expression's text, or that of several put together, over a row with VARCHAR columns `id` and `v`. */
async function run(expression: string | string[], v: string | null, id: string | null = null): Promise<string | null> {
  const result = await connection.runAndReadAll(
    `SELECT ${typeof expression === "string" ? expression : `concat(${expression})`} AS x FROM (SELECT $v::VARCHAR AS v, $id::VARCHAR AS id)`,
    { v, id },
  );
  return result.getRowObjectsJS()[0]!.x as string | null;
}

async function property(name: string, v: string | null, target?: string): Promise<unknown> {
  const text = await run(wire.fragment(contact, target ? { name, targets: [target] } : { name }, "v"), v);
  return JSON.parse(`{${text}}`);
}

describe("fragment", () => {
  test.each([
    ["quotes and backslash", `O'Neill "the \\ one"`],
    ["line ends and tabs", "a\nb\r\nc\td"],
    ["accents, emoji, right to left", "Zoë 👩‍👩‍👧 שלום"],
    ["control characters", "\u0001\u0008\u001f\u007f\u2028"],
    ["what looks like JSON or SQL", `"},{"x":1}'; DROP TABLE x; --`],
  ])("text with %s arrives as it is", async (_, text) => {
    expect(await property("lastname", text)).toEqual({ lastname: text });
  });

  test.each([
    ["birthdate", "1980-05-31", { birthdate: "1980-05-31" }],
    ["lastonholdtime", "2023-04-07T21:59:01Z", { lastonholdtime: "2023-04-07T21:59:01Z" }],
    ["creditlimit", "1234.5", { creditlimit: 1234.5 }],
    ["donotemail", "true", { donotemail: true }],
    ["gendercode", "2", { gendercode: 2 }],
    ["new_likes", "1,9", { new_likes: "1,9" }],
    ["new_store", "3aa1", { "new_Store@odata.bind": "/new_stores(3aa1)" }],
  ])("%s = %s", async (name, value, json) => {
    expect(await property(name, value)).toEqual(json);
  });

  test("NULL clears, whatever the type", async () => {
    for (const { name, type } of contact.columns) {
      if (type === "other") continue;
      const target = name === "parentcustomerid" ? "account" : undefined;
      expect(Object.values((await property(name, null, target)) as object)).toEqual([null]);
    }
  });

  test("a number keeps every digit", async () => {
    const text = await run(wire.fragment(contact, { name: "creditlimit" }, "v"), "99999999999.1234567891");
    expect(text).toBe('"creditlimit":99999999999.1234567891');
  });

  test("a lookup that may point at several tables needs to be told which", async () => {
    expect(await property("parentcustomerid", "3aa1", "contact")).toEqual({
      "parentcustomerid_contact@odata.bind": "/contacts(3aa1)",
    });
    expect(await property("parentcustomerid", "contact:3aa1", "contact")).toEqual({
      "parentcustomerid_contact@odata.bind": "/contacts(3aa1)",
    });
    const fragment = (target?: string) =>
      wire.fragment(contact, { name: "parentcustomerid", ...(target && { targets: [target] }) }, "v");
    expect(() => fragment()).toThrow("contact.parentcustomerid points at account, contact.");
    expect(() => fragment("lead")).toThrow("points at account, contact, not at lead");
  });

  test("a value that says its table takes that table's property, and NULL any", async () => {
    const both = (v: string | null) =>
      run(wire.fragment(contact, { name: "parentcustomerid", targets: ["account", "contact"] }, "v"), v);
    expect(await both("account:3aa1")).toBe('"parentcustomerid_account@odata.bind":"/accounts(3aa1)"');
    expect(await both("contact:3aa1")).toBe('"parentcustomerid_contact@odata.bind":"/contacts(3aa1)"');
    expect(await both(null)).toBe('"parentcustomerid_account@odata.bind":null');
  });

  test("what cannot be written is refused by name", () => {
    expect(() => wire.fragment(contact, { name: "entityimage" }, "v")).toThrow("contact.entityimage");
    expect(() => wire.fragment(contact, { name: "nope" }, "v")).toThrow("no column nope");
  });

  test("`value` may be any expression", async () => {
    expect(await run(wire.fragment(contact, { name: "lastname" }, "upper(v) || '!'"), "x")).toBe('"lastname":"X!"');
    expect(await run(wire.fragment(contact, { name: "gendercode" }, "CASE WHEN v = 'x' THEN '1' END"), "x")).toBe(
      '"gendercode":1',
    );
  });
});

describe("identity", () => {
  test("of an update has the id", async () => {
    const text = await run(wire.identity(contact, "update"), null, "3aa1");
    expect(JSON.parse(`{${text}}`)).toEqual({ "@odata.type": "Microsoft.Dynamics.CRM.contact", contactid: "3aa1" });
  });

  test("of a create has it when there is one", async () => {
    const create = wire.identity(contact, "create");
    expect(JSON.parse(`{${await run(create, null, "3aa1")}}`)).toHaveProperty("contactid", "3aa1");
    expect(JSON.parse(`{${await run(create, null, null)}}`)).toEqual({
      "@odata.type": "Microsoft.Dynamics.CRM.contact",
    });
  });

  test("and fragments join to one element, without anything else", async () => {
    const comma = "','";
    const expressions = [
      wire.identity(contact, "update"),
      ...[comma, ...wire.fragment(contact, { name: "lastname" }, "v")],
      ...[comma, ...wire.fragment(contact, { name: "new_store" }, "NULL")],
    ];
    expect(JSON.parse(`{${await run(expressions, "a'b", "3aa1")}}`)).toEqual({
      "@odata.type": "Microsoft.Dynamics.CRM.contact",
      contactid: "3aa1",
      lastname: "a'b",
      "new_Store@odata.bind": null,
    });
  });
});

test("parties of all columns go in one array, each bound to its person; without any there is none", async () => {
  const person = (object: string) => ({ object, set: `${object}s`, navigation: `partyid_${object}` });
  const targets = [person("contact"), person("account")];
  const party = { type: "parties" as const, title: "", required: false, create: true, update: false, targets };
  const columns = ["from", "to", "cc"].map((name) => ({ ...party, name }));
  const call = { ...contact, name: "phonecall", parties: "phonecall_activity_parties", columns };
  const named = (names: readonly string[]) =>
    names.map((name) => ({ column: { name, targets: ["contact", "account"] }, value: name === "cc" ? "NULL" : "v" }));
  const written = async (v: string | null, ...names: string[]) => run(wire.parties!(call, named(names)), v);
  expect(JSON.parse(`{${await written("account:a1;contact:c1", "from", "cc", "to")}}`)).toEqual({
    phonecall_activity_parties: [
      { participationtypemask: 1, "partyid_account@odata.bind": "/accounts(a1)" },
      { participationtypemask: 1, "partyid_contact@odata.bind": "/contacts(c1)" },
      { participationtypemask: 2, "partyid_account@odata.bind": "/accounts(a1)" },
      { participationtypemask: 2, "partyid_contact@odata.bind": "/contacts(c1)" },
    ],
  });
  expect(await written(null, "from", "to")).toBeNull();
  expect(() => wire.parties!(contact, named(["to"]))).toThrow("has no parties of its own");
});

test("property is where a column is read from", () => {
  expect(wire.tableProperty!(contact, "parentcustomerid")).toBe(
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname",
  );
  expect(wire.property(contact, "parentcustomerid")).toBe("_parentcustomerid_value");
  expect(wire.property(contact, "lastname")).toBe("lastname");
});
