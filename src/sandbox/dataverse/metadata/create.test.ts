import { expect, test } from "vitest";
import { addCustomerKey, useSandbox } from "../../raw-client.test-data.ts";
import { label } from "./definitions.test-data.ts";

// Everything here: dataverse.md section 3; codes of duplicates from Microsoft's list of error codes.
const client = useSandbox();
const contact = "EntityDefinitions(LogicalName='contact')";
const column = (type: string, name: string, facts: object = {}) => ({
  "@odata.type": `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
  SchemaName: name,
  DisplayName: label(name),
  ...facts,
});

test.each([
  ["String", { MaxLength: 10 }, "0123456789", "01234567890", "0x80044331"],
  ["Memo", { MaxLength: 20 }, "a\nb", "x".repeat(21), "0x80044331"],
  ["Integer", { MinValue: 0, MaxValue: 5 }, 5, 6, "0x8004432f"],
  ["Decimal", { MinValue: 0, MaxValue: 1, Precision: 3 }, 0.125, 1.1, "0x80044330"],
  ["Money", { MinValue: 0, MaxValue: 100, PrecisionSource: 0, Precision: 1 }, 9.5, 101, "0x80044330"],
  ["Boolean", { DefaultValue: true }, false, "false", "0x80048d19"],
  ["DateTime", { DateTimeBehavior: { Value: "DateOnly" } }, "2020-02-29", "2021-02-29", "0x80048d19"],
  ["DateTime", { Format: "DateAndTime" }, "2020-02-29T10:00:00Z", "yesterday", "0x80048d19"],
  ["Picklist", { OptionSet: { Options: [{ Value: 7, Label: label("Seven") }] } }, 7, 8, "0x8004431a"],
  [
    "MultiSelectPicklist",
    {
      OptionSet: {
        Options: [
          { Value: 1, Label: label("A") },
          { Value: 9, Label: label("B") },
        ],
      },
    },
    "1,9",
    "2",
    "0x8004431a",
  ],
])("a new %s column takes good values and refuses others", async (type, facts, good, bad, code) => {
  const made = await client.api("POST", `${contact}/Attributes`, column(type, "new_Thing", facts));
  expect(made.status).toBe(204);
  expect(made.headers["odata-entityid"]).toMatch(
    /\/EntityDefinitions\(LogicalName='contact'\)\/Attributes\([0-9a-f-]{36}\)$/,
  );
  const row = await client.api(
    "POST",
    "contacts?$select=new_thing",
    { new_thing: good },
    { Prefer: "return=representation" },
  );
  expect(row.json.new_thing).toBe(good);
  const refused = await client.api("POST", "contacts", { new_thing: bad });
  expect([refused.status, refused.json.error.code]).toEqual([400, code]);
});

test("defaults of a new column are for new rows only", async () => {
  const old = await client.api("POST", "contacts", { lastname: "old" });
  await client.api("POST", `${contact}/Attributes`, column("Boolean", "new_Flag", { DefaultValue: true }));
  await client.api("POST", "contacts", { lastname: "new" });
  const { json } = await client.api("GET", "contacts?$select=new_flag");
  expect(old.status).toBe(204);
  expect(json.value.map((each: { new_flag: unknown }) => each.new_flag)).toEqual([null, true]);
});

test.each([
  ["name taken", column("String", "new_Twice"), "0x80047013"],
  ["no prefix", column("String", "Name"), "0x80040203"],
  ["too long", column("String", "new_Long", { MaxLength: 4001 }), "0x80040203"],
  ["no format there is", column("String", "new_Odd", { FormatName: { Value: "Html" } }), "0x80040203"],
  [
    "two options alike",
    column("Picklist", "new_P", { OptionSet: { Options: [{ Value: 1 }, { Value: 1 }] } }),
    "0x80040203",
  ],
  ["lookups need a relationship", column("Lookup", "new_L"), "0x80040203"],
])("a column is refused: %s", async (_name, body, code) => {
  await client.api("POST", `${contact}/Attributes`, column("String", "new_Twice"));
  const answer = await client.api("POST", `${contact}/Attributes`, body);
  expect(answer.json.error.code).toBe(code);
});

test("a key reads Pending first, then Active, and only then works in addresses", async () => {
  await client.api("POST", `${contact}/Attributes`, column("String", "new_No", { MaxLength: 20 }));
  const made = await client.api("POST", `${contact}/Keys`, {
    SchemaName: "new_NoKey",
    DisplayName: label("No"),
    KeyAttributes: ["new_no"],
  });
  expect(made.status).toBe(204);
  const status = async () =>
    (await client.api("GET", `${contact}/Keys(LogicalName='new_nokey')?$select=EntityKeyIndexStatus`)).json
      .EntityKeyIndexStatus;
  expect(await status()).toMatch(/Pending|Active/);
  expect(await status()).toBe("Active");
  expect((await client.api("PATCH", "contacts(new_no='1')", { lastname: "x" })).status).toBe(204);
});

test("a key over values that clash fails, and does not work", async () => {
  await client.api("POST", "contacts", { lastname: "Same" });
  await client.api("POST", "contacts", { lastname: "same " });
  await client.api("POST", `${contact}/Keys`, { SchemaName: "new_K", KeyAttributes: ["lastname"] });
  const { json } = await client.api("GET", `${contact}/Keys`);
  expect(json.value[0]).toMatchObject({
    LogicalName: "new_k",
    KeyAttributes: ["lastname"],
    EntityKeyIndexStatus: "Failed",
  });
  expect((await client.api("GET", "contacts(lastname='Same')")).status).toBe(400);
});

test.each([
  ["same name", { SchemaName: "new_CustomerKey", KeyAttributes: ["emailaddress1"] }, "0x80060893"],
  ["same columns", { SchemaName: "new_Other", KeyAttributes: ["new_customerno"] }, "0x80060894"],
  ["read-only column", { SchemaName: "new_Other", KeyAttributes: ["createdon"] }, "0x80090112"],
  ["type not allowed", { SchemaName: "new_Other", KeyAttributes: ["donotemail"] }, "0x80040203"],
  [
    "more than 900 bytes",
    { SchemaName: "new_Other", KeyAttributes: ["address1_line1", "address1_line2"] },
    "0x80040203",
  ],
  ["unknown column", { SchemaName: "new_Other", KeyAttributes: ["nope"] }, "0x80060888"],
])("a key is refused: %s", async (_name, body, code) => {
  await addCustomerKey(client);
  const answer = await client.api("POST", `${contact}/Keys`, body);
  expect([answer.status, answer.json.error.code]).toEqual([400, code]);
});

test("columns and keys can be dropped; a key protects its column", async () => {
  await addCustomerKey(client);
  const attribute = `${contact}/Attributes(LogicalName='new_customerno')`;
  expect((await client.api("DELETE", attribute)).status).toBe(400);
  expect((await client.api("DELETE", `${contact}/Keys(LogicalName='new_customerkey')`)).status).toBe(204);
  expect((await client.api("DELETE", attribute)).status).toBe(204);
  expect((await client.api("GET", "contacts?$select=new_customerno")).status).toBe(400);
  expect((await client.api("DELETE", `${contact}/Attributes(LogicalName='lastname')`)).status).toBe(400);
});

test("a custom table is made with its primary name column, and works at once", async () => {
  const body = {
    SchemaName: "new_City",
    DisplayName: label("City"),
    DisplayCollectionName: label("Cities"),
    Description: {
      LocalizedLabels: [{ Label: "Ort", LanguageCode: 1031 }, ...label("Where people live").LocalizedLabels],
    },
    OwnershipType: "UserOwned",
    ChangeTrackingEnabled: true,
    Attributes: [column("String", "new_Name", { MaxLength: 100, IsPrimaryName: true }), column("Integer", "new_Size")],
  };
  expect((await client.api("POST", "EntityDefinitions", body)).status).toBe(204);
  const { json } = await client.api(
    "GET",
    "EntityDefinitions(LogicalName='new_city')?$select=EntitySetName,PrimaryNameAttribute,IsCustomEntity,Description",
  );
  expect(json.Description.UserLocalizedLabel.Label).toBe("Where people live");
  expect(json).toMatchObject({ EntitySetName: "new_cities", PrimaryNameAttribute: "new_name", IsCustomEntity: true });
  const made = await client.api(
    "POST",
    "new_cities",
    { new_name: "Ulm", new_size: 5 },
    { Prefer: "return=representation" },
  );
  expect(made.json).toMatchObject({ new_name: "Ulm", new_size: 5, statecode: 0, statuscode: 1 });
  expect((await client.api("POST", "EntityDefinitions", body)).json.error.code).toBe("0x80047010");
  const nameless = { ...body, SchemaName: "new_Two", Attributes: [] };
  expect((await client.api("POST", "EntityDefinitions", nameless)).status).toBe(400);
});

test("reset takes custom schema away", async () => {
  await addCustomerKey(client);
  await client.control("POST", "reset");
  expect((await client.api("GET", "contacts?$select=new_customerno")).status).toBe(400);
});
