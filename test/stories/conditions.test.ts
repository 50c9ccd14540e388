import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** Audiences given as a condition: what it sees of the source. */

const bench = useWorkbench();
const columns = [{ name: "new_Vip", title: "VIP", type: "text" as const, maxLength: 20 }];
const sync = peopleSync({
  audiences: { old: "new_vip" },
  mapping: { birthdate: { from: "born", formats: ["M/d/yyyy"] } },
});

test("a condition sees a column in the type declared for it", async () => {
  await bench.begin(
    {
      "connections/data.yaml":
        "type: files\nfolder: data\ntables:\n  people: { columns: { born: { type: date, formats: [M/d/yyyy] } } }\n",
      "audiences/old.yaml": "model: people\nwhere: born < '1960-01-01'\n",
      "syncs/people.yaml": sync,
    },
    { columns },
  );
  const person = (id: string, born: string) => ({ id, name: `Name ${id}`, email: `${id}@example.com`, born });
  // As text, 1/25/1976 stands before 1960-01-01.
  bench.source("people", [person("1", "1/25/1976"), person("2", "12/31/1959")]);
  expect(await bench.run()).toMatchObject({ created: 2, rejected: 0 });
  const rows = await bench.rows("contact");
  const vip = Object.fromEntries(rows.map((row) => [row.externaluseridentifier, row.new_vip ?? null]));
  expect(vip).toEqual({ "1": null, "2": "realized" });
});

test("a condition may ask the connection's other tables, and by no name of a table those of Sluice", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ audiences: { old: "new_vip" } }) }, { columns });
  bench.source(
    "people",
    ["1", "2", "3"].map((id) => ({ id, name: `Name ${id}`, email: null })),
  );
  const tables = ["orders", "touched", "v_link", "people_2", "source_row"];
  for (const [i, table] of tables.entries()) bench.source(table, [{ key: `${1 + (i % 3)}` }]);
  for (const [i, table] of tables.entries()) {
    const where = `id IN (SELECT key FROM ${table}) AND EXISTS (FROM people p WHERE p.id = '3')`;
    bench.write("audiences/old.yaml", JSON.stringify({ model: "people", where }));
    expect(await bench.run()).toMatchObject({ received: 3, rejected: 0 });
    const there = (await bench.rows("contact")).filter((row) => row.new_vip === "realized");
    expect(there.map((row) => row.externaluseridentifier)).toEqual([`${1 + (i % 3)}`]);
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    expect(await bench.run()).toMatchObject({ unchanged: 3, writes: 0 });
  }
});
