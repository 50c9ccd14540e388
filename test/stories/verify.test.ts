import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** The proof: what Dynamics holds, read again, beside what we hold it to be. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${i + 1}`,
    name: `Name ${i + 1}`,
    email: i === 0 ? null : `${i + 1}@example.com`,
    limit: `${(i + 1) * 1000}.25`,
    vip: i < 2 ? "yes" : "no",
  }));
const start = async () => {
  await bench.begin(
    {
      "syncs/people.yaml": peopleSync({ mapping: { creditlimit: "limit" }, audiences: { vip: "new_vip" } }),
      "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    },
    { keyed: false, columns: [{ name: "new_Vip", title: "VIP", type: "text", maxLength: 20 }] },
  );
  bench.source("people", people(4));
  await bench.run();
};
const idOf = async (key: string) =>
  String((await bench.rows("contact")).find((row) => row.externaluseridentifier === key)!.contactid);
const verify = (more: { sample?: number; full?: boolean; out?: string } = {}) =>
  inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) => client.verify(more));

test("sums, filled columns and audiences agree right after a run, and what is not covered is told", async () => {
  await start();
  bench.source("people", [...people(4), { ...people(1)[0]!, id: "5", vip: "yes" }]);
  const { differences, syncs } = await verify();
  expect(differences).toBe(0);
  const [one] = syncs;
  expect(one).toMatchObject({ way: "linked", linked: 4, checked: 4, rows: [], table: null });
  const columns = Object.fromEntries(one!.columns.map((c) => [c.column, c]));
  expect(columns.creditlimit).toMatchObject({ differ: 0, sum: { here: "10001", there: "10001" } });
  expect(columns.emailaddress1).toMatchObject({ filled: { here: 3, there: 3 }, sum: null });
  expect(one!.audiences).toEqual([{ audience: "vip", into: "new_vip", here: 3, sent: 2, there: 2 }]);
  expect(one!.notCovered).toMatchObject({ rows: 1, columns: [] });
  expect(one!.notCovered.unmapped).toContain("jobtitle");
});

test("what people changed, emptied and deleted is told by column, with what it does to the sums", async () => {
  await start();
  await bench.person("PATCH", `contacts(${await idOf("2")})`, { creditlimit: 1, emailaddress1: null, new_vip: null });
  await bench.person("DELETE", `contacts(${await idOf("3")})`);
  await bench.control("POST", "requests/clear", {});
  const { differences, syncs } = await verify();
  expect(differences).toBe(2);
  expect(syncs[0]!.rows.map((row) => [row.kind, row.key, row.column, row.expected, row.found])).toEqual([
    ["differs", "2", "creditlimit", "2000.25", expect.stringMatching(/^1(\.0+)?$/)],
    ["differs", "2", "emailaddress1", "2@example.com", null],
    ["differs", "2", "new_vip", "realized", null],
    ["gone", "3", "contactid", expect.any(String), null],
  ]);
  const limit = syncs[0]!.columns.find((c) => c.column === "creditlimit");
  expect(limit).toMatchObject({ differ: 1, filled: { here: 4, there: 3 }, sum: { here: "10001", there: "5001.5" } });
  expect(syncs[0]!.audiences).toMatchObject([{ sent: 2, there: 1 }]);
  expect(await bench.control("GET", "requests")).toMatchObject({ writes: 0 });
});

test("what became of records whose rows left is no difference: deleted later by somebody, put to rest by us", async () => {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ onLeave: "deactivate", mapping: { statecode: { value: "Active" } } }),
  });
  bench.source("people", people(10));
  await bench.run();
  bench.source("people", people(8));
  await bench.approve("too_many_leaves");
  await bench.person("DELETE", `contacts(${await idOf("10")})`);
  const { differences, syncs } = await verify();
  expect({ differences, rows: syncs[0]!.rows, checked: syncs[0]!.checked }).toEqual({
    differences: 0,
    rows: [],
    checked: 10,
  });
});

test("a sample reads so many records and says how many it did not", async () => {
  await start();
  await bench.person("POST", "contacts", { lastname: "Somebody else's" });
  await bench.control("POST", "requests/clear", {});
  const { checked, syncs } = await verify({ sample: 2 });
  expect(checked).toBe(2);
  expect(syncs[0]).toMatchObject({ way: "sample", linked: 4, checked: 2, audiences: [{ there: null }] });
  const { requests } = await bench.control<{ requests: { path: string }[] }>("GET", "requests");
  const reads = requests.filter(({ path }) => path.includes("/contacts?"));
  expect(reads).toHaveLength(1);
  expect(reads[0]!.path).toContain("In(PropertyName='contactid'");
});

test("the whole table also tells records of no row, and those that share a linked one's match value", async () => {
  await start();
  await bench.person("POST", "contacts", { lastname: "Twin", externaluseridentifier: "1" });
  for (const _ of [1, 2]) await bench.person("POST", "contacts", { lastname: "Stranger", externaluseridentifier: "S" });
  const { differences, duplicates, syncs } = await verify({ full: true });
  expect({ differences, duplicates }).toEqual({ differences: 0, duplicates: 2 });
  expect(syncs[0]).toMatchObject({ way: "full", table: { records: 7, unlinked: 3, duplicates: 2 } });
  expect(syncs[0]!.rows).toMatchObject([
    { kind: "duplicate", key: "1", column: "externaluseridentifier", found: "1" },
    { kind: "duplicate", key: null, found: "1" },
  ]);
  await expect(verify({ full: true, sample: 1 })).rejects.toMatchObject({ code: "usage" });
});

test("every difference goes into a file, and a spreadsheet runs none of it", async () => {
  await start();
  await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "=1+1" });
  const out = join(bench.folder, "differences.csv");
  expect((await verify({ out })).file).toEqual({ path: out, rows: 1 });
  expect(readFileSync(out, "utf8").split("\n").slice(0, 2)).toEqual([
    "sync,kind,key,id,column,expected,found",
    `people,differs,1,${await idOf("1")},lastname,Name 1,'=1+1`,
  ]);
  await expect(verify({ out: "differences.xlsx" })).rejects.toMatchObject({ code: "usage" });
});
