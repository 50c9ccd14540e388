import { beforeEach, expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// Whatever a client sends is its own fault, told as a 4xx in the documented envelope (dataverse.md section 14).
const client = useSandbox();
const ID = "11111111-1111-1111-1111-111111111111";
const LIST = "11111111-0000-4000-8000-000000000001";

beforeEach(async () => {
  await client.api("POST", "contacts", { contactid: ID, lastname: "A" });
  await client.api("POST", "lists", { listid: LIST, listname: "L", createdfromcode: 2 });
});

const BODIES: unknown[] = [
  "",
  "null",
  "[]",
  '"x"',
  "5",
  "{",
  "{}}",
  '{"__proto__":{"lastname":"x"}}',
  { "": 1 },
  { "@odata.bind": null },
  { "@": 1 },
  { "lastname@": 1 },
  { "lastname@odata.bind": "contacts(1)" },
  { constructor: 1 },
  { lastname: {} },
  { lastname: [[[]]] },
  { lastname: true },
  { contactid: "{11111111-1111-1111-1111-111111111112}" },
  { contactid: 7 },
  { statecode: 1.5 },
  '{"numberofchildren":1e400}',
  { birthdate: "2020-02-30" },
  { creditlimit: "5" },
  { _parentcustomerid_value: ID },
  { parentcustomerid: ID },
  { "parentcustomerid_account@odata.bind": "accounts" },
  { "parentcustomerid_account@odata.bind": "accounts(" },
  { "parentcustomerid_account@odata.bind": "accounts()" },
  { "parentcustomerid_account@odata.bind": "accounts(name='x')" },
  { "parentcustomerid_account@odata.bind": ["accounts(1)"] },
  { "parentcustomerid_account@odata.bind": "/".repeat(10_000) },
  { "parentcustomerid_account@odata.bind": "accounts(a='".repeat(1000) },
  { "ownerid@odata.bind": `contacts(${ID})` },
  { "Contact_Tasks@odata.bind": [null] },
  { Contact_Tasks: [[]] },
  { contact_customer_contacts: [{ contact_customer_contacts: [{ nope: 1 }] }] },
];

test.each(BODIES.map((body) => [JSON.stringify(body).slice(0, 60), body]))(
  "a strange body: %s",
  async (_name, body) => {
    for (const [method, path] of [
      ["POST", "contacts"],
      ["PATCH", `contacts(${ID})`],
      ["POST", `contacts(${ID})/contact_customer_contacts`],
    ] as const) {
      const answer = await client.api(method, path, body);
      expect(answer.status, answer.text).toBeLessThan(500);
      if (answer.status >= 400) expect(Object.keys(answer.json.error)).toEqual(["code", "message"]);
    }
    expect((await client.api("GET", `contacts(${ID})?$select=lastname`)).json.lastname).toBe("A");
  },
);

test.each([
  ["POST", `contacts(${ID})/contactleads_association/$ref`, { "@odata.id": "" }],
  ["POST", `contacts(${ID})/contactleads_association/$ref`, { "@odata.id": `leads(${ID})/x` }],
  ["POST", `contacts(${ID})/contactleads_association/$ref`, [1]],
  ["POST", `contacts(${ID})/nope/$ref`, {}],
  ["POST", `contacts(${ID})/$ref`, {}],
  ["PUT", `lists(${LIST})/listcontact_association/$ref`, {}],
  ["PATCH", `lists(${LIST})/listcontact_association/$ref`, {}],
  ["DELETE", `lists(${LIST})/listcontact_association/$ref?$id=`, undefined],
  ["DELETE", `lists(${LIST})/listcontact_association/$ref?$id=%00`, undefined],
  ["DELETE", `lists(${LIST})/listcontact_association(x)/$ref`, undefined],
  ["DELETE", `lists(${LIST})/listcontact_association()/$ref`, undefined],
  ["DELETE", `contacts(${ID})/ownerid(${ID})/$ref`, undefined],
  ["PUT", `contacts(${ID})/ownerid/$ref`, { "@odata.id": null }],
  ["PUT", `contacts(${ID})/createdby/$ref/x`, {}],
  ["POST", "contactleadscollection", { contactid: ID }],
  ["PATCH", `contactleadscollection(${ID})`, { contactid: ID }],
  ["DELETE", `systemusers(${ID})`, undefined],
  ["PUT", `contacts(${ID})`, {}],
  ["PUT", `contacts(${ID})/_parentcustomerid_value`, { value: ID }],
  ["PUT", `contacts(${ID})/lastname`, { value: {} }],
  ["PUT", `contacts(${ID})/nope`, { value: 1 }],
  ["DELETE", `contacts(${ID})/nope`, undefined],
  ["GET", `contacts(${ID})/nope/$value`, undefined],
  ["GET", `contacts(${ID})/lastname/$value/x`, undefined],
] as const)("a strange request: %s %s", async (method, path, body) => {
  const answer = await client.api(method, path, body);
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.text).toBeLessThan(500);
  expect(Object.keys(answer.json.error)).toEqual(["code", "message"]);
});

test("address1_composite: is made of the parts of the address, and read only", async () => {
  const body = {
    address1_line1: "1 Main St",
    address1_city: "Seattle",
    address1_stateorprovince: "WA",
    address1_postalcode: "98052",
    address1_country: "USA",
    address1_composite: "mine",
  };
  await client.api("PATCH", `contacts(${ID})`, body);
  const read = async () =>
    (await client.api("GET", `contacts(${ID})?$select=address1_composite,address2_composite`)).json;
  expect(await read()).toMatchObject({
    address1_composite: "1 Main St\r\nSeattle, WA 98052\r\nUSA",
    address2_composite: null,
  });
  await client.api("PATCH", `contacts(${ID})`, { address1_line1: null, address1_country: null, address1_city: null });
  expect((await read()).address1_composite).toBe("WA 98052");
});
