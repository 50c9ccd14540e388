import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// dataverse.md sections 5 and 6; query/select-columns.md ("Formatted values"). In UTC and US English.
const client = useSandbox();
const ID = "cccccccc-0000-4000-8000-000000000001";
const FORMATTED = "@OData.Community.Display.V1.FormattedValue";
const ALL = { Prefer: 'odata.include-annotations="*"' };

async function read(row: Record<string, unknown>): Promise<Record<string, unknown>> {
  const seeded = await client.control("POST", "seed", { table: "contact", rows: [{ contactid: ID, ...row }] });
  expect(seeded.status, seeded.text).toBe(200);
  return (await client.api("GET", `contacts(${ID})`, undefined, ALL)).json;
}

test.each([
  ["gendercode", 2, 2, "Female"],
  ["statuscode", 1, 1, "Active"],
  ["donotemail", true, true, "Do Not Allow"],
  ["creditonhold", false, false, "No"],
  ["numberofchildren", 1234567, 1234567, "1,234,567"],
  ["creditlimit", 1234.5, 1234.5, "$1,234.50"],
  ["address1_longitude", 0.5, 0.5, "0.50000"],
  ["birthdate", "1980-05-03", "1980-05-03", "5/3/1980"],
  ["lastonholdtime", "2024-02-29T00:05:09Z", "2024-02-29T00:05:09Z", "2/29/2024 12:05 AM"],
  ["lastonholdtime", "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00Z", "2/29/2024 10:00 AM"],
])("%s %s is shown with its label", async (name, sent, value, label) => {
  const json = await read({ [name]: sent });
  expect([json[name], json[name + FORMATTED]]).toEqual([value, label]);
});

test.each([["firstname", "Ada"] as const, ["description", "a\nb"] as const])("%s has no label", async (name, value) => {
  const json = await read({ [name]: value });
  expect([json[name], json[name + FORMATTED]]).toEqual([value, undefined]);
});

// OData 4.01 part 1, "Preference include-annotations".
test("annotations excluded by name are left out of rows, collections and errors", async () => {
  await client.api("POST", "contacts", { contactid: ID, gendercode: 1 });
  const Prefer = `odata.include-annotations="*,-${FORMATTED.slice(1)},-Microsoft.PowerApps.CDS.HelpLink"`;
  const list = await client.api("GET", "contacts?$select=gendercode,_ownerid_value", undefined, { Prefer });
  expect(list.headers["preference-applied"]).toBe(Prefer);
  const TARGET = "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname";
  expect(list.json["@Microsoft.Dynamics.CRM.totalrecordcount"]).toBe(-1);
  for (const row of [list.json.value[0], (await client.api("GET", `contacts(${ID})`, undefined, { Prefer })).json]) {
    expect(row[TARGET]).toBe("systemuser");
    expect(Object.keys(row).filter((name) => name.endsWith(FORMATTED))).toEqual([]);
  }
  const { error } = (await client.api("GET", "contacts?$top=x", undefined, { Prefer })).json;
  expect(Object.keys(error)).toEqual(["code", "message", "@Microsoft.PowerApps.CDS.InnerError.Message"]);
});

test("an empty column has neither value nor annotations; an annotation stands in front of its value", async () => {
  const json = await read({ gendercode: 1, "transactioncurrencyid@odata.bind": null });
  expect(json.birthdate).toBeNull();
  expect(Object.keys(json)).not.toContain(`birthdate${FORMATTED}`);
  expect(json.entityimage ?? null).toBeNull();
  const names = Object.keys(json);
  expect(names.indexOf(`gendercode${FORMATTED}`)).toBe(names.indexOf("gendercode") - 1);
});

test("a lookup has the name of its row, its table and its navigation property", async () => {
  const json = await read({});
  expect(json).toMatchObject({
    [`_ownerid_value${FORMATTED}`]: "# Sandbox Application",
    "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser",
    "_ownerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty": "ownerid",
  });
});

test("money has the symbol of its row's currency", async () => {
  const { json } = await client.api("GET", "transactioncurrencies?$filter=isocurrencycode eq 'EUR'");
  const euro = json.value[0].transactioncurrencyid;
  const row = await read({ creditlimit: 10, "transactioncurrencyid@odata.bind": `/transactioncurrencies(${euro})` });
  expect(row[`creditlimit${FORMATTED}`]).toBe("€10.00");
});
