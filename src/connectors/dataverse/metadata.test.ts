import { afterEach, expect, test } from "vitest";
import type { Column } from "../../core/schema.ts";
import { environment } from "./environment.test-data.ts";
import { refusal, type Stub, startStub } from "./stub.ts";

let stub: Stub;
afterEach(() => stub.close());

const column = (columns: Column[], name: string) => columns.find((c) => c.name === name);

test("tables with rows of their own, by name and title", async () => {
  stub = await startStub((r) => environment(r));
  const objects = await stub.session.objects();
  expect(objects).toContainEqual({ name: "new_box", title: "Box" });
  expect(objects.map((o) => o.name)).not.toContain("subscriptionclients");
  await stub.session.objects();
  expect(stub.seen.filter((r) => r.path.includes("EntityDefinitions"))).toHaveLength(1);
});

test("a table: names, keys, abilities", async () => {
  stub = await startStub((r) => environment(r));
  const contact = await stub.session.describe("contact");
  expect(contact).toMatchObject({
    name: "contact",
    title: "Contact",
    set: "contacts",
    id: "contactid",
    label: "fullname",
    can: { bulk: true, deltas: true, concurrency: true },
    kind: "standard",
    activity: false,
    owned: true,
    keys: [
      { name: "new_number", columns: ["new_no"], active: true },
      { name: "new_other", columns: ["a", "b"], active: false },
    ],
  });
  expect(stub.seen.length).toBeLessThanOrEqual(21);
  expect(stub.seen.every((r) => /\$select=|WhoAmI$/.test(r.path))).toBe(true);
});

test("columns: types, limits, choices", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  const types = Object.fromEntries(columns.map((c) => [c.name, c.type]));
  expect(types).toEqual({
    contactid: "guid",
    lastname: "text",
    emailaddress1: "text",
    telephone1: "text",
    description: "text",
    numberofchildren: "integer",
    versionnumber: "integer",
    creditlimit: "money",
    listprice: "money",
    annualincome: "money",
    opendeals: "integer",
    to: "parties",
    partner: "parties",
    exchangerate: "decimal",
    address1_latitude: "double",
    donotemail: "boolean",
    birthdate: "date",
    lastonholdtime: "datetime",
    anniversary: "datetime",
    opensat: "datetime",
    gendercode: "choice",
    new_region: "choice",
    new_likes: "choices",
    entityimage: "other",
    statecode: "state",
    statuscode: "status",
    ownerid: "lookup",
    parentcustomerid: "lookup",
    msa_managingpartnerid: "lookup",
    new_hidden: "lookup",
  });
  expect(column(columns, "lastname")).toMatchObject({ maxLength: 50, title: "Title of lastname" });
  expect(column(columns, "statuscode")).toMatchObject({
    title: "statuscode",
    choices: [
      { value: 1, label: "Active", labels: ["Active"], state: 0 },
      { value: 2, label: "Inactive", labels: ["Inactive"], state: 1 },
    ],
  });
  expect(column(columns, "creditlimit")).toMatchObject({ min: 0, max: 1e14, precision: 2 });
  expect(column(columns, "gendercode")?.choices).toEqual([
    { value: 1, label: "Male", labels: ["Male"] },
    { value: 2, label: "Female", labels: ["Female", "Weiblich"] },
  ]);
  expect(column(columns, "new_region")?.choices).toEqual([{ value: 100000000, label: "North", labels: ["North"] }]);
  expect(column(columns, "donotemail")?.choices).toEqual([
    { value: 0, label: "Allow", labels: ["Allow"] },
    { value: 1, label: "Do Not Allow", labels: ["Do Not Allow"] },
  ]);
});

test("columns: what kind of text, date or amount", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(column(columns, "emailaddress1")).toMatchObject({ format: "email", requiredInForms: true, secured: true });
  expect(column(columns, "telephone1")).toMatchObject({ format: "phone", required: false });
  expect(column(columns, "description")).toMatchObject({ format: "multiline" });
  expect(column(columns, "lastname")).not.toHaveProperty("format");
  expect(column(columns, "birthdate")).not.toHaveProperty("behavior");
  expect(column(columns, "lastonholdtime")).toMatchObject({ behavior: "UserLocal" });
  expect(column(columns, "lastonholdtime")).not.toHaveProperty("dateOnly");
  expect(column(columns, "anniversary")).toMatchObject({ behavior: "UserLocal", dateOnly: true });
  expect(column(columns, "opensat")).toMatchObject({ behavior: "TimeZoneIndependent" });
  expect(["creditlimit", "listprice", "annualincome"].map((c) => column(columns, c)?.precision)).toEqual([2, 4, 3]);
});

test("what cannot be written says why", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(column(columns, "opendeals")).toMatchObject({ computed: "rollup", create: false, update: false });
  expect(column(columns, "entityimage")).toMatchObject({ native: "Image", create: false });
});

test("amounts have the columns' own digits where currencies cannot be seen", async () => {
  stub = await startStub((r) =>
    /organizations|transactioncurrencies/.test(r.path)
      ? refusal(403, "0x80040220", "is missing prvRead")
      : environment(r),
  );
  const { columns } = await stub.session.describe("contact");
  expect(["creditlimit", "listprice", "annualincome"].map((c) => column(columns, c)?.precision)).toEqual([2, 2, 2]);
});

test.each([
  [undefined, 6],
  [null, 6],
  [365, 6],
  [7, 6],
  [3, 2],
  [1, 0],
  [0, 0],
])("of an organisation that keeps changes for %s days a cursor is trusted for %s", async (days, trusted) => {
  const settings = { pricingdecimalprecision: 4, expirechangetrackingindays: days };
  const denied = refusal(403, "0x80040220", "is missing prvReadOrganization");
  const organization = days === undefined ? denied : { body: { value: [settings] } };
  stub = await startStub((r) => (r.path.includes("organizations") ? organization : environment(r)));
  expect(await stub.session.cursorLife()).toBe(trusted * 24 * 3600_000);
});

test("many-to-many relationships: the navigation from this side; both where a table meets itself", async () => {
  stub = await startStub((r) => environment(r));
  const { pairs } = await stub.session.describe("contact");
  const friends = { name: "new_Friends", object: "contact", set: "contacts", intersect: "new_friends" };
  expect(pairs).toEqual([
    {
      name: "listcontact_association",
      navigation: "listcontact_association_of_contact2",
      object: "list",
      set: "lists",
      intersect: "listcontact_association",
    },
    { ...friends, navigation: "new_Friends_of_contact1" },
    { ...friends, navigation: "new_Friends_of_contact2" },
  ]);
});

test("an activity has parties, each of them a person in one of several tables", async () => {
  stub = await startStub((r) => environment(r));
  const call = await stub.session.describe("phonecall");
  expect(call).toMatchObject({ activity: true, parties: "phonecall_activity_parties" });
  expect(column(call.columns, "to")).toMatchObject({
    type: "parties",
    create: true,
    targets: [
      { object: "contact", set: "contacts", navigation: "partyid_contact" },
      { object: "systemuser", set: "systemusers", navigation: "partyid_systemuser" },
    ],
  });
  expect(column(call.columns, "to")?.update).toBe(false);
  expect(column(call.columns, "partner")?.create).toBe(false);
});

test("virtual and elastic tables say so", async () => {
  stub = await startStub((r) => environment(r));
  expect(await stub.session.describe("new_mirror")).toMatchObject({
    kind: "virtual",
    owned: false,
    can: { bulk: false },
  });
  expect(await stub.session.describe("new_box")).toMatchObject({ kind: "elastic", can: { bulk: false } });
});

test("lookups have the exact navigation name and the set of each target; what cannot be bound cannot be written", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(column(columns, "parentcustomerid")?.targets).toEqual([
    { object: "account", set: "accounts", navigation: "parentcustomerid_account" },
    { object: "contact", set: "contacts", navigation: "parentcustomerid_contact" },
  ]);
  expect(column(columns, "ownerid")?.targets).toEqual([
    { object: "systemuser", set: "systemusers", navigation: "ownerid" },
    { object: "team", set: "teams", navigation: "ownerid" },
  ]);
  expect(column(columns, "msa_managingpartnerid")?.targets).toEqual([
    { object: "account", set: "accounts", navigation: "msa_managingPartner" },
  ]);
  expect(column(columns, "new_hidden")).toMatchObject({ create: false, update: false, targets: [] });
});

test("required is only what a create fails without", async () => {
  stub = await startStub((r) => environment(r));
  const { columns } = await stub.session.describe("contact");
  expect(columns.filter((c) => c.required).map((c) => c.name)).toEqual(["gendercode", "lastname"]);
  const never = ["donotemail", "ownerid", "statecode", "statuscode"];
  expect(columns.filter((c) => c.neverEmpty).map((c) => c.name)).toEqual(never);
  expect(column(columns, "contactid")).toMatchObject({ create: true, update: false });
  expect(column(columns, "statecode")).toMatchObject({ create: false, update: true });
  expect(column(columns, "entityimage")).toMatchObject({ create: false, update: false });
});

test.each(["contact", "Contact", "CONTACTS", "contacts"])("%s is found", async (name) => {
  stub = await startStub((r) => environment(r));
  expect((await stub.session.describe(name)).name).toBe("contact");
  const asked = stub.requests();
  expect(await stub.session.tableOf(name)).toBe("contact");
  expect(stub.requests()).toBe(asked);
});

test("an unknown or ambiguous name is refused with what it might have been", async () => {
  stub = await startStub((r) => environment(r));
  await expect(stub.session.describe("contcat")).rejects.toMatchObject({
    code: "unknown_object",
    message: expect.stringContaining("`contact`"),
  });
  await expect(stub.session.describe("box")).rejects.toMatchObject({
    code: "unknown_object",
    message: 'Several tables are called "box": new_box, new_case.',
  });
  await expect(stub.session.describe("subscriptionclients")).rejects.toMatchObject({ code: "unknown_object" });
});

test("bulk messages: both are needed, not on elastic tables, and who may not look goes without", async () => {
  const can = async (name: string) => (await stub.session.describe(name)).can.bulk;
  stub = await startStub((r) => environment(r, ["CreateMultiple"]));
  expect(await can("contact")).toBe(false);
  await stub.close();
  stub = await startStub((r) => environment(r));
  expect(await can("new_box")).toBe(false);
  await stub.close();
  stub = await startStub((r) =>
    r.path.includes("sdkmessagefilters")
      ? refusal(403, "0x80040220", "is missing prvReadSdkMessageFilter")
      : environment(r),
  );
  expect(await can("contact")).toBe(false);
});

test("a list that failed is asked for again", async () => {
  let lists = 0;
  stub = await startStub((r) =>
    r.path.includes("EntityDefinitions?") && ++lists === 1
      ? refusal(403, "0x80072560", "not a member")
      : environment(r),
  );
  await expect(stub.session.objects()).rejects.toMatchObject({ code: "not_allowed" });
  expect(await stub.session.objects()).not.toEqual([]);
});
