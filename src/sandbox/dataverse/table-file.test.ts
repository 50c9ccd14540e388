import { expect, test } from "vitest";
import { deliveredTables, firstAfter } from "./build.ts";
import { isLookup } from "./model.ts";
import type { Row } from "./row.ts";
import { parseTable, readTableFiles } from "./table-file.ts";

// The format of the .table files is ours (tables/README.md), and so is all that is expected here: it looks at their
// form, and at no fact of Dataverse.
const TEXT = `table new_thing new_Thing new_things 10001
label Thing : Things
id new_thingid
name new_name
owned user
flags tracking bulk

new_thingid/new_ThingId guid c system
new_name/new_Name text cu form max=50 format=Email : Name
new_size int cu range=-5..5 default=2
statuscode status u : Status : 1@0 On | 2@1 Off: really
statecode state - system : State : 0>1 Active | 1>2 Inactive
new_flag bool cu default=true custom : Flag : 0 No | 1 Yes

new_parent -> account new_Parent new_account_thing
new_a <-> list new_A contact new_B via new_ab
key new_key new_name new_size
`;

test("a table file is read with every fact", () => {
  const table = parseTable(TEXT, "t");
  expect(table).toMatchObject({
    name: "new_thing",
    set: "new_things",
    code: 10001,
    plural: "Things",
    id: "new_thingid",
    owned: "user",
  });
  expect(table.columns[1]).toMatchObject({
    schema: "new_Name",
    kind: "text",
    create: true,
    level: "ApplicationRequired",
    max: 50,
    format: "Email",
  });
  expect(table.columns[2]).toMatchObject({ schema: "new_size", label: "", range: [-5, 5], initial: 2 });
  expect(table.columns[3]).toMatchObject({
    create: false,
    update: true,
    options: [
      { value: 1, label: "On", state: 0 },
      { value: 2, label: "Off: really", state: 1 },
    ],
  });
  expect(table.columns[4]!.options).toEqual([
    { value: 0, label: "Active", fallback: 1 },
    { value: 1, label: "Inactive", fallback: 2 },
  ]);
  expect(table.columns[5]).toMatchObject({ initial: true, custom: true });
  expect(table.relations).toEqual([
    { column: "new_parent", target: "account", navigation: "new_Parent", schema: "new_account_thing" },
  ]);
  expect(table.manyToMany[0]).toMatchObject({ first: "list", secondNavigation: "new_B", intersect: "new_ab" });
  expect(table.keys).toEqual([{ name: "new_key", columns: ["new_name", "new_size"] }]);
});

test.each([
  ["label Thing : Things\n", "", /the head is incomplete/],
  ["max=50", "wide=50", /'wide' is not known/],
  ["key new_key", "lock new_key", /not a link/],
])("a file that does not follow the format names itself", (from, to, message) => {
  expect(() => parseTable(TEXT.replace(from, to), "thing.table")).toThrow(message);
  expect(() => parseTable(TEXT.replace(from, to), "thing.table")).toThrow(/^thing\.table/);
});

test("every delivered table hangs together", () => {
  const tables = deliveredTables();
  expect(readTableFiles().length).toBeGreaterThan(25);
  expect(new Set([...tables.values()].map((table) => table.set)).size).toBe(tables.size);
  for (const table of tables.values()) {
    expect(table.columns.get(table.idColumn)?.kind, table.name).toBe("guid");
    for (const column of table.columns.values()) {
      if (column.kind === "choice")
        expect(new Set(column.options?.map((each) => each.value)).size, column.name).toBe(column.options?.length ?? 0);
      if (column.kind === "status")
        expect(
          column.options?.every((each) => each.state !== undefined),
          table.name,
        ).toBe(true);
      if (isLookup(column) && column.targets) {
        expect(
          table.relations.some((relation) => relation.column === column.name),
          `${table.name}.${column.name}`,
        ).toBe(true);
      }
    }
  }
});

test("the first row after a sequence number, in any list", () => {
  const rows: Row[] = [3, 5, 9].map((sequence) => ["id", 1, sequence]);
  expect([0, 3, 4, 5, 9, 10].map((sequence) => firstAfter(rows, sequence))).toEqual([0, 1, 1, 2, 3, 3]);
  expect(firstAfter([], 1)).toBe(0);
});
