import { expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** Settings changed for a run about some rows, and then put back: of all other rows the state says what it said before. */

const bench = useWorkbench();
const person = (n: number, more = {}): SourceRow => ({
  id: `${n}`,
  code: `C${n}`,
  other: `K${n}`,
  first: `First ${n}`,
  firm: `F${n % 2}`,
  name: `Name ${n}`,
  email: `${n}@example.com`,
  ...more,
});
const long = { name: "x".repeat(60) };
const [one, two, three, waits] = [person(1), person(2), person(3), person(4, long)];
const byCode = (more = {}, mapping = {}) =>
  peopleSync({ match: "externaluseridentifier", ...more, mapping: { externaluseridentifier: "code", ...mapping } });
const codes = async () => (await bench.rows("contact")).map((row) => row.externaluseridentifier).sort();
const firsts = async () => (await bench.rows("contact")).map((row) => row.firstname ?? "").sort();
const renameKey = () => bench.write("models/people.yaml", "connection: data\ntable: people\nkey: other\n");

/** After a first run of `sync`: those that wait are sent under `meanwhile`, and then `sync` is as it was. `mended`: their rows by then. */
async function begun(sync: string, meanwhile: string, mended = waits) {
  await bench.begin({ "syncs/people.yaml": sync }, { keyed: false });
  bench.source("people", [one, two, three, waits]);
  expect(await bench.run()).toMatchObject({ created: 3, rejected: 1 });
  await resent(sync, meanwhile, mended);
}

async function resent(sync: string, meanwhile: string, mended = waits) {
  bench.source("people", [one, two, three, mended]);
  bench.write("syncs/people.yaml", meanwhile);
  const sent = mended === waits ? { rejected: 1, writes: 0 } : { rejected: 0, writes: 1 };
  expect(await bench.resend({ sync: "people", all: true })).toMatchObject(sent);
  bench.write("syncs/people.yaml", sync);
}

const byMail = { match: "emailaddress1" };

test.each([
  ["where nothing was sent", waits, byCode(byMail), 0],
  ["where a record was made", person(4), byCode(byMail), 0],
  [
    "and a record made without that value",
    person(4),
    peopleSync({ ...byMail, mapping: { externaluseridentifier: undefined } }),
    1,
  ],
])(
  "matched otherwise, %s: another row of that value is refused, and one whose key is another now finds its record",
  async (_, mended, meanwhile, writes) => {
    await begun(byCode(), meanwhile, mended);
    bench.source("people", [one, two, three, mended, person(9, { code: "C2" })]);
    const next = await bench.run();
    expect(next).toMatchObject({ created: 0, writes });
    expect(next.problems).toContainEqual(expect.objectContaining({ key: "9", code: "match_taken" }));
    bench.source("people", [one, two, three, mended]);
    renameKey();
    expect(await bench.run()).toMatchObject({ created: 0, writes: 0 });
    expect(await codes()).toEqual(["C1", "C2", "C3", ...(mended === waits ? [] : ["C4"])]);
  },
);

test("matched otherwise: no record is deleted whose row has another key now and cannot go", async () => {
  const deletes = { onLeave: "delete", allowDelete: true, deleteLimit: 10, leaveLimit: 10 };
  await begun(byCode(deletes), byCode({ ...deletes, ...byMail }));
  renameKey();
  bench.source("people", [one, { ...two, ...long }, three, waits]);
  expect(await bench.run()).toMatchObject({ created: 0, deleted: 0 });
  expect(await codes()).toEqual(["C1", "C2", "C3"]);
});

const line = { firstname: "first" };

test.each([
  ["what is emptied in the source is emptied", {}, { first: null }, ["", "First 2", "First 3"]],
  [
    "what changes there is written, whatever `firstContact` says",
    { firstContact: "keep" },
    { first: "New" },
    ["First 2", "First 3", "New"],
  ],
])("a line left out: %s", async (_, more, change, expected) => {
  const sync = byCode(more, line);
  await begun(sync, byCode(more));
  bench.source("people", [{ ...one, ...change }, two, three, waits]);
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await firsts()).toEqual(expected);
  expect((await bench.verify()).differences).toBe(0);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("a line left out: an edit that is kept stays, and one made meanwhile is seen; a record made without it gets it", async () => {
  const [sync, without] = [
    byCode({}, { firstname: { from: "first", drift: "keep" }, nickname: "first" }),
    byCode({}, { nickname: "first" }),
  ];
  await bench.begin({ "syncs/people.yaml": sync }, { keyed: false });
  bench.source("people", [one, two, three, waits]);
  await bench.run();
  const edit = async (code: string, values: Record<string, string>) => {
    const record = (await bench.rows("contact")).find((row) => row.externaluseridentifier === code)!;
    await bench.person("PATCH", `contacts(${record.contactid})`, values);
  };
  await edit("C1", { firstname: "Edited", nickname: "Edited" });
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  await edit("C2", { firstname: "Meanwhile" });
  await resent(sync, without, person(4));
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await firsts()).toEqual(["Edited", "First 3", "First 4", "Meanwhile"]);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("what the rows were sent under other settings is put back, too; and stays where these stay", async () => {
  const [sync, other] = [byCode({}, { jobtitle: { value: "A" } }), byCode({}, { jobtitle: { value: "B" } })];
  const titles = async () => (await bench.rows("contact")).map((row) => row.jobtitle).sort();
  await begun(sync, other, person(4));
  expect(await titles()).toEqual(["A", "A", "A", "B"]);
  expect(await bench.run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await titles()).toEqual(["A", "A", "A", "A"]);

  await begun(sync, other, person(4));
  bench.write("syncs/people.yaml", other);
  expect(await bench.run()).toMatchObject({ updated: 3, unchanged: 1, writes: 3 });
  expect(await titles()).toEqual(["B", "B", "B", "B"]);
  expect(await bench.run()).toMatchObject({ writes: 0 });
});

test("a row that was skipped under other settings sleeps on under these, and is tried under its own", async () => {
  const [sync, other] = [byCode(), byCode({}, { jobtitle: { value: "B" } })];
  const skip = async () => {
    await bench.begin({ "syncs/people.yaml": sync }, { keyed: false });
    bench.source("people", [one, two, three, waits]);
    await bench.run();
    const run = bench.latest();
    bench.write("syncs/people.yaml", other);
    expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ excluded: 1, writes: 0 });
  };
  await skip();
  expect(await bench.run()).toMatchObject({ updated: 3, excluded: 1 });
  expect(await bench.run()).toMatchObject({ unchanged: 3, excluded: 1, writes: 0 });
  await skip();
  bench.write("syncs/people.yaml", sync);
  expect(await bench.run()).toMatchObject({ unchanged: 3, rejected: 1, writes: 0 });
});

const lookup = { object: "account", by: "accountnumber", missing: "null" };
const firm = { parentcustomerid: { from: "firm", lookup } };

/** What there is in the end of a year in which a row was sent under `meanwhile`; or was not, until the others went, too. */
async function ofYear(meanwhile?: string) {
  const sync = byCode({ onLeave: "delete", allowDelete: true, deleteLimit: 10, leaveLimit: 10 }, { ...line, ...firm });
  await bench.begin({ "syncs/people.yaml": sync }, { keyed: false });
  const firms: { accountid?: unknown }[] = [];
  for (const n of [0, 1])
    firms.push(await bench.person("POST", "accounts", { name: `Firm ${n}`, accountnumber: `F${n}` }));
  bench.source("people", [one, two, three, waits]);
  await bench.run();
  // A record is edited, and a parent goes by another number.
  const second = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "C2")!;
  await bench.person("PATCH", `contacts(${second.contactid})`, { firstname: "Edited", lastname: "Edited" });
  await bench.person("PATCH", `accounts(${firms[1]!.accountid})`, { accountnumber: "F9" });
  if (meanwhile !== undefined) await resent(sync, meanwhile, person(4));
  // One leaves, one changes, one has another's value.
  const four = person(4, { first: null, email: "new@example.com" });
  bench.source("people", [one, { ...two, first: null }, four, person(9, { code: "C1" })]);
  await bench.run();
  const settled = await bench.run();
  expect(settled.writes).toBe(0);
  renameKey();
  bench.source("people", [one, { ...two, first: "Back" }, four]);
  await bench.run();
  const rows = await bench.rows("contact");
  return rows
    .map((row) =>
      [
        row.externaluseridentifier,
        row.firstname,
        row.lastname,
        row.emailaddress1,
        row._parentcustomerid_value && firms.findIndex(({ accountid }) => accountid === row._parentcustomerid_value),
      ].join(),
    )
    .sort();
}

test("whatever was changed for one run: in the end all is as if it had not been", async () => {
  const deletes = { onLeave: "delete", allowDelete: true, deleteLimit: 10, leaveLimit: 10 };
  const expected = await ofYear();
  expect(expected).toEqual([
    "C1,First 1,Name 1,1@example.com,",
    "C2,Back,Name 2,2@example.com,0",
    "C4,,Name 4,new@example.com,0",
  ]);
  for (const meanwhile of [
    byCode(deletes, line),
    byCode(deletes, firm),
    peopleSync({ ...deletes, ...byMail, mapping: { externaluseridentifier: undefined } }),
    byCode({ mirror: "touched", drift: "keep" }, { ...firm, nickname: "other", firstname: { value: "Constant" } }),
  ])
    expect(await ofYear(meanwhile), meanwhile).toEqual(expected);
});
