import { describe, expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench, withFirms } from "../workbench.ts";

/** What nobody changed is not sent again, whatever Dynamics made of it; what one person changed is one row. */

const bench = useWorkbench();

const columns = [
  { name: "new_Score", title: "Score", type: "decimal" as const, precision: 2 },
  { name: "new_Since", title: "Since", type: "datetime" as const },
  { name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 20 },
];

const everyType = {
  lastname: "name",
  description: "notes",
  birthdate: { from: "born", formats: ["d.M.yyyy"] },
  new_since: "since",
  gendercode: { from: "sex", values: { M: "Male", F: "Female" } },
  annualincome: { from: "income", decimal: "," },
  new_score: "score",
  numberofchildren: "children",
  donotemail: "silent",
  address1_latitude: "latitude",
  leadsourcecode: { value: 1 },
  parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } },
};

const files = {
  ...withFirms,
  "syncs/people.yaml": peopleSync({
    mapping: { ...everyType, emailaddress1: { value: "same@example.com" } },
    audiences: { vip: "new_vip" },
  }),
  "audiences/vip.yaml": "model: people\nwhere: income <> '' AND silent = 'no'\n",
};

const ana: SourceRow = {
  id: "1",
  name: "Núñez 🦊 O'Neil",
  notes: 'first line\nsecond, "quoted"\n\tthird\n',
  born: "5.11.1990",
  since: "2024-02-29T23:59:59.987+02:00",
  sex: "F",
  income: "90000,005",
  score: "1.005",
  children: "007",
  silent: "no",
  latitude: "47.123456789",
  firm: "F1",
};
const empty = Object.fromEntries(Object.keys(ana).map((name) => [name, null]));
const ben: SourceRow = { ...empty, id: "2", name: " Ben  " };
const cleo: SourceRow = {
  ...ana,
  id: "3",
  name: "ＣＬＥＯ ﬁ ß İ",
  sex: "1",
  income: "-0",
  latitude: "-0.0",
  firm: "f1 ",
};

async function secondRunIsSilent(): Promise<void> {
  const second = await bench.run();
  expect(second).toMatchObject({ writes: 0, log: [], failed: 0, created: 0, updated: 0 });
  expect(second.unchanged).toBe(second.received);
}

describe("a second run on unchanged data sends nothing", () => {
  test("with every type of column, signs beyond ASCII, empty cells and values that Dynamics rounds", async () => {
    await bench.begin(files, { columns });
    bench.source("people", [ana, ben, cleo]);
    const first = await bench.run();
    expect(first.problems).toEqual([]);
    expect(first).toMatchObject({ received: 4, created: 4, writes: 4 });
    const [one] = (await bench.rows("contact")).filter((row) => row.externaluseridentifier === "1");
    expect(one).toMatchObject({
      lastname: ana.name,
      description: ana.notes,
      birthdate: "1990-11-05",
      new_since: "2024-02-29T21:59:59Z",
      gendercode: 2,
      annualincome: 90000.01,
      numberofchildren: 7,
      donotemail: false,
      leadsourcecode: 1,
      new_vip: "realized",
    });
    await secondRunIsSilent();
    expect(await bench.verify()).toMatchObject({ differences: 0 });
  });

  test("where plug-ins rewrite a name, and the very column we match by", async () => {
    await bench.begin();
    const [name, number] = ["lastname", "externaluseridentifier"];
    await bench.control("POST", "plugins", { table: "contact", column: name, rewrite: "upper" });
    await bench.control("POST", "plugins", { table: "contact", column: name, rewrite: "suffix: (new)" });
    await bench.control("POST", "plugins", { table: "contact", column: number, rewrite: "prefix:X-" });
    expect(await bench.run()).toMatchObject({ created: 2, writes: 2 });
    const names = (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row.lastname]);
    expect(names).toEqual([
      ["X-1", "ANA (new)"],
      ["X-2", "BEN (new)"],
    ]);
    await secondRunIsSilent();
    bench.source("people", [
      { id: "1", name: "Anna", email: "ana@example.com" },
      { id: "2", name: "Ben", email: "ben@example.com" },
    ]);
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    await secondRunIsSilent();
  });

  test("where a plug-in empties what we wrote, and Dynamics fills what we left empty", async () => {
    await bench.begin({ "syncs/people.yaml": peopleSync({ mapping: { preferredcontactmethodcode: "method" } }) });
    await bench.control("POST", "plugins", { table: "contact", column: "lastname", rewrite: "trim" });
    bench.source("people", [
      { id: "1", name: "  ", email: "ana@example.com", method: null },
      { id: "2", name: " Ben ", email: null, method: "3" },
    ]);
    expect(await bench.run()).toMatchObject({ created: 2, rejected: 0 });
    const [one, two] = await bench.rows("contact");
    expect(one).toMatchObject({ preferredcontactmethodcode: 1 });
    expect(one).not.toHaveProperty("lastname");
    expect(two).toMatchObject({ preferredcontactmethodcode: 3, lastname: "Ben" });
    await secondRunIsSilent();
  });
});

describe("what changed is sent, and nothing beside it", () => {
  test("one row of many: one element with that column alone", async () => {
    await bench.begin();
    const people = Array.from({ length: 250 }, (_, n) => ({ id: `${n}`, name: `N ${n}`, email: `p${n}@example.com` }));
    bench.source("people", people);
    expect(await bench.run()).toMatchObject({ received: 250, created: 250, writes: 250 });
    people[117]!.email = "new@example.com";
    bench.source("people", people);
    const third = await bench.run();
    expect(third).toMatchObject({ received: 250, updated: 1, unchanged: 249, writes: 1 });
    const { contactid } = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "117")!;
    expect(third.sent).toEqual([{ contactid, emailaddress1: "new@example.com" }]);
    await secondRunIsSilent();
  });

  test("a cell that became empty clears its column, or with `empty: skip` leaves it", async () => {
    await bench.begin({
      "syncs/people.yaml": peopleSync({ mapping: { telephone1: { from: "phone", empty: "skip" } } }),
    });
    const row = { id: "1", name: "Ana", email: "ana@example.com", phone: "123" };
    bench.source("people", [row]);
    await bench.run();
    bench.source("people", [{ ...row, email: null, phone: null }]);
    const second = await bench.run();
    expect(second.sent).toEqual([{ contactid: expect.any(String), emailaddress1: null }]);
    const [there] = await bench.rows("contact");
    expect(there).toMatchObject({ telephone1: "123" });
    expect(there).not.toHaveProperty("emailaddress1");
    await secondRunIsSilent();
  });

  test("another spelling of the same value is no change", async () => {
    await bench.begin(files, { columns });
    bench.source("people", [ana]);
    await bench.run();
    const respelt = { born: "05.11.1990", since: "2024-02-29T21:59:59Z", sex: "2", income: "90000,01", children: "7" };
    bench.source("people", [{ ...ana, ...respelt }]);
    expect(await bench.run()).toMatchObject({ writes: 0, unchanged: 2 });
  });
});
