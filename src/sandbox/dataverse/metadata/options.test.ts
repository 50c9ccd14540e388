import { beforeEach, expect, test } from "vitest";
import { idIn, useSandbox } from "../../raw-client.test-data.ts";
import { label, text } from "./definitions.test-data.ts";

// create-update-optionsets.md and dataverse.md section 3.
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM";
const table = "EntityDefinitions(LogicalName='new_bankaccount')";
const create = (path: string, body: unknown) => client.api("POST", path, body);

beforeEach(async () => {
  await create("EntityDefinitions", {
    SchemaName: "new_BankAccount",
    Attributes: [text("new_Name", { IsPrimaryName: true })],
  });
});

test("GlobalOptionSetDefinitions: made, bound to a column, changed for all its columns, protected while used", async () => {
  const made = await create("GlobalOptionSetDefinitions", {
    "@odata.type": `${CRM}.OptionSetMetadata`,
    Name: "new_colors",
    DisplayName: label("Colors"),
    Options: [{ Value: 1, Label: label("Red") }, { Label: label("Blue") }],
  });
  expect(made.status).toBe(204);
  const column = await create(`${table}/Attributes`, {
    "@odata.type": `${CRM}.PicklistAttributeMetadata`,
    SchemaName: "new_Color",
    "GlobalOptionSet@odata.bind": `/GlobalOptionSetDefinitions(${idIn(made)})`,
  });
  expect(column.status).toBe(204);
  const inserted = await create("InsertOptionValue", { OptionSetName: "new_colors", Label: label("Green") });
  expect(inserted.json.NewOptionValue).toBe(100_000_002);
  const { json } = await client.api(
    "GET",
    `${table}/Attributes(LogicalName='new_color')/${CRM}.PicklistAttributeMetadata?$expand=OptionSet,GlobalOptionSet`,
  );
  expect(json.GlobalOptionSet).toMatchObject({ Name: "new_colors", IsGlobal: true });
  expect(json.OptionSet.Options.map((each: { Value: number }) => each.Value)).toEqual([1, 100_000_001, 100_000_002]);
  const byName = await client.api("GET", "GlobalOptionSetDefinitions(Name='new_colors')");
  expect(byName.json.Options).toHaveLength(3);
  expect((await create("new_bankaccounts", { new_color: 100_000_002 })).status).toBe(204);
  const set = `GlobalOptionSetDefinitions(${idIn(made)})`;
  expect((await client.api("PUT", set, { DisplayName: label("Hues") })).status).toBe(204);
  expect((await client.api("DELETE", set)).json.error.code).toBe("0x8004f01f");
  expect((await client.api("DELETE", `${table}/Attributes(LogicalName='new_color')`)).status).toBe(204);
  expect((await client.api("DELETE", set)).status).toBe(204);
});

const gender = { EntityLogicalName: "contact", AttributeLogicalName: "gendercode" };
const options = async () =>
  (
    await client.api(
      "GET",
      `EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='gendercode')/${CRM}.PicklistAttributeMetadata/OptionSet`,
    )
  ).json.Options.map((each: { Value: number; Label: { UserLocalizedLabel: { Label: string } } }) => [
    each.Value,
    each.Label.UserLocalizedLabel.Label,
  ]);

test("InsertOptionValue: states and two-option columns take no more options", async () => {
  for (const AttributeLogicalName of ["statecode", "donotemail"]) {
    const body = { EntityLogicalName: "contact", AttributeLogicalName, Value: 9, Label: label("X") };
    expect((await create("InsertOptionValue", body)).status).toBe(400);
  }
});

test("InsertOptionValue: a value of its own or the publisher's next; of a solution its publisher's", async () => {
  expect((await create("InsertOptionValue", { ...gender, Value: 7, Label: label("X") })).json.NewOptionValue).toBe(7);
  expect((await create("InsertOptionValue", { ...gender, Label: label("Y") })).json.NewOptionValue).toBe(100_000_000);
  const other = await client.api(
    "POST",
    "InsertOptionValue",
    { ...gender, Label: label("Z") },
    { "MSCRM.SolutionUniqueName": "Cr123" },
  );
  expect(other.json.NewOptionValue).toBe(123_450_000);
  expect((await create("InsertOptionValue", { ...gender, Value: 7, Label: label("X") })).status).toBe(400);
  expect((await create("contacts", { gendercode: 7 })).status).toBe(204);
  await client.control("POST", "reset");
  expect(await options()).toEqual([
    [1, "Male"],
    [2, "Female"],
  ]);
});

test("UpdateOptionValue: the label", async () => {
  expect(
    (await create("UpdateOptionValue", { ...gender, Value: 1, Label: label("M"), MergeLabels: true })).status,
  ).toBe(204);
  expect((await options())[0]).toEqual([1, "M"]);
  expect((await create("UpdateOptionValue", { ...gender, Value: 99, Label: label("M") })).status).toBe(400);
});

test("DeleteOptionValue: the option is no longer accepted", async () => {
  expect((await create("DeleteOptionValue", { ...gender, Value: 2 })).status).toBe(204);
  expect((await create("contacts", { gendercode: 2 })).json.error.code).toBe("0x8004431a");
});

test("OrderOption: every value once", async () => {
  expect((await create("OrderOption", { ...gender, Values: [2, 1] })).status).toBe(204);
  expect(await options()).toEqual([
    [2, "Female"],
    [1, "Male"],
  ]);
  expect((await create("OrderOption", { ...gender, Values: [2] })).status).toBe(400);
});

test("InsertStatusValue: a status of a state; UpdateStateValue: the state's default", async () => {
  const status = {
    EntityLogicalName: "contact",
    AttributeLogicalName: "statuscode",
    Label: label("Gone"),
    StateCode: 1,
  };
  const { NewOptionValue } = (await create("InsertStatusValue", status)).json;
  expect((await create("InsertStatusValue", { ...status, StateCode: 9 })).status).toBe(400);
  const row = idIn(await create("contacts", { lastname: "x" }));
  expect((await client.api("PATCH", `contacts(${row})`, { statecode: 1, statuscode: NewOptionValue })).status).toBe(
    204,
  );
});

test("UpdateStateValue: label and default status of a state", async () => {
  const body = { EntityLogicalName: "contact", AttributeLogicalName: "statecode", Value: 1, Label: label("Closed") };
  expect((await create("UpdateStateValue", { ...body, DefaultStatusCode: 2 })).status).toBe(204);
});
