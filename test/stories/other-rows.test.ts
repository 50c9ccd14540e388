import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

const bench = useWorkbench();

const header = "id,name,email,amount\n";
const row = (id: string, amount = "1") => `${id},N,a@example.com,${amount}\n`;
const ids = async () => (await bench.rows("contact")).map((r) => r.externaluseridentifier).sort();

test.each([
  ["5", "5.5"],
  ["1.50", "1.505"],
  ["1.50", "1e3"],
  ["007", "A9"],
  ["2024-01-02", "x"],
  ["2024-01-02", "2024-01-02T10:00:00"],
  ["2024-01-02 10:00:00", "x"],
  ["True", "z"],
  ["5", "+5.5"],
  ["12345678901234567", "10000000000000000000001"],
])("the key %s stays itself as %s comes to the file", async (one, other) => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true }) });
  bench.write("data/people.csv", header + row(one));
  expect(await bench.run()).toMatchObject({ created: 1 });
  bench.write("data/people.csv", header + row(one) + row(other, "2.5"));
  expect(await bench.run()).toMatchObject({ created: 1, updated: 0, deleted: 0 });
  expect(await ids()).toEqual([one, other].sort());
  expect(await bench.run()).toMatchObject({ created: 0, updated: 0, deleted: 0, unchanged: 2 });
});

test("two keys stay two, though as numbers they are one", async () => {
  await bench.begin();
  bench.write("data/people.csv", header + row("1.1") + row("1.10") + row("1.2"));
  expect(await bench.run()).toMatchObject({ created: 3, rejected: 0 });
  expect(await ids()).toEqual(["1.1", "1.10", "1.2"]);
});

const sources = {
  "a table": "connection: data\ntable: people\nkey: id\n",
  "a statement": "connection: data\nsql: SELECT * FROM people\nkey: id\n",
};

test.each(Object.entries(sources))(
  "numbers of %s stay what they are as one with more digits comes",
  async (_, model) => {
    const sync = peopleSync({ onLeave: "delete", allowDelete: true, mapping: { nickname: "amount" } });
    await bench.begin({ "models/people.yaml": model, "syncs/people.yaml": sync });
    bench.write("data/people.csv", header + row("5", "5") + row("7", "7.5"));
    expect(await bench.run()).toMatchObject({ created: 2 });
    bench.write("data/people.csv", header + row("5", "5") + row("7", "7.5") + row("8.25", "5.125"));
    expect(await bench.run()).toMatchObject({ created: 1, updated: 0, deleted: 0 });
    bench.write("data/people.csv", header + row("5", "5") + row("7", "7.5") + row("8.25", "5.125") + row("A", "n/a"));
    expect(await bench.run()).toMatchObject({ created: 1, updated: 0, deleted: 0 });
    expect((await bench.rows("contact")).map((r) => r.nickname).sort()).toEqual(["5", "5.125", "7.5", "n/a"]);
  },
);

test("numbers of JSON stay what they are, too", async () => {
  const json = (...numbers: number[]) =>
    JSON.stringify(numbers.map((id) => ({ id, name: "N", email: "a@example.com", amount: id })));
  for (const model of Object.values(sources)) {
    const sync = peopleSync({ onLeave: "delete", allowDelete: true, mapping: { nickname: "amount" } });
    await bench.begin({ "models/people.yaml": model, "syncs/people.yaml": sync });
    bench.write("data/people.csv", header);
    const connection = "type: files\nfolder: data\ntables: { people: { path: people.json } }\n";
    bench.write("connections/data.yaml", connection);
    bench.write("data/people.json", json(5, 7));
    expect(await bench.run()).toMatchObject({ created: 2 });
    bench.write("data/people.json", json(5, 7, 5.5));
    expect(await bench.run()).toMatchObject({ created: 1, updated: 0, deleted: 0 });
    expect(await ids()).toEqual(["5", "5.5", "7"]);
  }
});

test("an audience's statement finds the keys of the table, however it spells them", async () => {
  const columns = [{ name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 20 }];
  await bench.begin(
    {
      "audiences/dear.yaml": "model: people\nsql: SELECT id FROM people WHERE amount > 9\n",
      "syncs/people.yaml": peopleSync({ audiences: { dear: "new_vip" } }),
    },
    { columns },
  );
  for (const known of ["1.50", "2024-01-02T10:00:00Z", "True", "7"]) {
    bench.write("data/people.csv", header + row(known, "10.00") + row(known.replace(/^\w/, "3"), "8"));
    await bench.approve("too_many_leaves");
    const there = (await bench.rows("contact")).filter((r) => r.new_vip === "realized");
    expect(there.map((r) => r.externaluseridentifier)).toContain(known);
    expect(await bench.run()).toMatchObject({ updated: 0, unchanged: 2 });
  }
});

test("a line's own words hold for a file that has nothing but plain numbers and truths", async () => {
  const mapping = {
    annualincome: { from: "income", decimal: "," },
    donotemail: "no",
    nickname: { from: "no", values: { true: "out", false: "in" } },
  };
  await bench.begin({ "syncs/people.yaml": peopleSync({ mapping }) });
  bench.write(
    "data/people.csv",
    "id,name,email,income,no\n1,N,a@example.com,1.500,True\n2,N,b@example.com,2.000,False\n",
  );
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 0 });
  const found = (await bench.rows("contact")).map((r) => [r.annualincome, r.donotemail ?? false, r.nickname]);
  expect(found.sort()).toEqual([
    [1500, true, "out"],
    [2000, false, "in"],
  ]);
});
