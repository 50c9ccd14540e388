import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createClock } from "../../clock.ts";
import { createEnvironment } from "../create-environment.ts";
import { applySchema, readSchemaFile } from "./schema-file.ts";

// A format of the sandbox's own; what it makes follows dataverse.md section 3, as what the API makes.
const folder = mkdtempSync(join(tmpdir(), "schema-"));
afterAll(() => rmSync(folder, { recursive: true }));

function made(text: string) {
  const file = join(folder, "schema.yaml");
  writeFileSync(file, text);
  const environment = createEnvironment(createClock());
  applySchema(environment, readSchemaFile(file));
  return environment;
}

test("schema file: tables, columns of every type, keys, relationships and choices are there from the start", () => {
  const { tables, optionSets } = made(`
publishers:
  Contoso: { prefix: con, options: 20000 }
choices:
  con_colors: { label: Colors, options: { 1: Red, 2: Blue } }
tables:
  con_Account:
    label: Bank account
    plural: Bank accounts
    name: con_Title
    columns:
      con_Title: { type: text, length: 50 }
      con_No: { type: text, length: 20, number: "A-{SEQNUM:4}" }
      con_Note: { type: memo }
      con_Size: { type: integer, min: 0, max: 5 }
      con_Rate: { type: decimal, precision: 3 }
      con_Balance: { type: money }
      con_Open: { type: boolean, default: true }
      con_Day: { type: date }
      con_Seen: { type: datetime }
      con_Color: { type: choice, choice: con_colors }
      con_Kinds: { type: choices, options: { 5: A, 6: B } }
      con_Owner: { type: lookup, to: contact, delete: Cascade }
      con_Poly: { type: lookup, to: [account, con_other] }
      con_Customer: { type: customer }
      con_Photo: { type: image }
    keys: { con_NoKey: [con_No] }
  con_other: { owned: organization }
  contact:
    columns: { con_Loyalty: { type: text } }
relationships:
  con_accounts_campaigns: [con_account, campaign]
`);
  const table = tables.get("con_account")!;
  expect(table).toMatchObject({ set: "con_accounts", nameColumn: "con_title", label: "Bank account" });
  expect(table.columns.get("con_balance_base")?.kind).toBe("money");
  expect(table.columns.get("con_color")?.options?.map((each) => each.label)).toEqual(["Red", "Blue"]);
  expect(table.relations).toContainEqual(
    expect.objectContaining({ column: "con_owner", navigation: "con_Owner", onDelete: "Cascade" }),
  );
  expect(table.columns.get("con_poly")?.targets).toEqual(["account", "con_other"]);
  expect(table.columns.get("con_customer")?.kind).toBe("customer");
  expect(table.keys.map((key) => key.name)).toEqual(["con_nokey"]);
  expect(tables.get("con_other")?.nameColumn).toBe("con_name");
  expect(tables.get("contact")?.columns.has("con_loyalty")).toBe(true);
  expect(tables.get("con_accounts_campaigns")?.intersect).toBe(true);
  expect(optionSets.has("con_colors")).toBe(true);
});

test.each([
  ["tables: { new_A: { colour: red } }", /schema\.yaml: tables\.new_A: .*colour/],
  ["tables: { new_A: { columns: { new_B: { type: txt } } } }", /tables\.new_A\.columns\.new_B\.type/],
  [
    "tables: { new_A: { columns: { new_B: { type: text, length: 0 } } } }",
    /tables\.new_A\.columns\.new_B: .*MaxLength/,
  ],
  ["tables: { new_A: { columns: { new_B: { type: lookup } } } }", /tables\.new_A\.columns\.new_B: 'to' must name/],
  ["tables: { new_A: { columns: { new_B: { type: lookup, to: nope } } } }", /ReferencedEntity/],
  ["tables: { new_A: { columns: { new_B: { type: choice } } } }", /OptionSet\.Options is missing/],
  ["tables: { A: {} }", /tables\.A/],
  ["tables: { new_A: { keys: { new_K: [new_x] } } }", /tables\.new_A\.keys\.new_K: .*new_x/],
  ["relationships: { new_R: [contact] }", /relationships\.new_R/],
  ["tables: [1]", /schema\.yaml: tables: /],
  ["a: [", /schema\.yaml: /],
])("schema file: %s is refused by its place", (text, message) => {
  expect(() => made(text)).toThrow(message);
});

test("schema file: one that is not there is named", () => {
  expect(() => readSchemaFile(join(folder, "none.yaml"))).toThrow(/none\.yaml/);
});

test("schema file: an elastic table, and what it cannot have is an error", () => {
  const text =
    "tables:\n  new_Reading:\n    type: elastic\n    columns:\n      new_Data: { type: json, length: 4000 }\n";
  const table = made(text).tables.get("new_reading")!;
  expect([...table.columns.keys()]).toEqual(expect.arrayContaining(["partitionid", "ttlinseconds"]));
  expect(table.partition).toBe(table.columns.get("partitionid"));
  expect(table.columns.get("new_data")).toMatchObject({ kind: "text", format: "Json", max: 4000 });
  expect(() => made(`${text}      new_Price: { type: money }\n`)).toThrow(
    "tables.new_Reading.columns.new_Price: Invalid argument. Elastic tables do not support the column 'new_price'",
  );
  expect(() => made(`${text}    keys: { new_K: [new_data] }\n`)).toThrow("alternate keys");
});

test("schema file: labels in several languages, formats of texts and dates", () => {
  const { tables } = made(`
tables:
  contact:
    columns:
      new_Mail: { type: text, format: Email, label: { 1033: Mail, 1031: Post } }
      new_Since: { type: datetime, format: DateOnly }
      new_Size: { type: choice, options: { 1: { 1033: Small, 1031: Klein }, 2: Large } }
`);
  const column = (name: string) => tables.get("contact")!.columns.get(name)!;
  expect(column("new_mail")).toMatchObject({ format: "Email", label: "Mail", words: { 1031: "Post" } });
  expect(column("new_since")).toMatchObject({ kind: "datetime", format: "DateOnly" });
  expect(column("new_size").options).toMatchObject([
    { value: 1, label: "Small", words: { 1031: "Klein" } },
    { value: 2, label: "Large" },
  ]);
});
