import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { people } from "../../test/model.ts";
import { useSyncedWorld } from "../../test/synced-world.ts";
import type { ChangeFormat } from "../core/run.ts";
import { type ChangeFilter, exportChanges, firstChanges, openChanges, tellChanges } from "./changes.ts";
import { openDuck, parquetRows, text } from "./duck.ts";
import { cellValue, spreadsheetCell } from "./sql/spreadsheet.ts";

/** Every kind of change with its reason, read from what a run left in its folder. */

const synced = useSyncedWorld();
const row = (id: string, name: string | null = `Name ${id}`) => ({ id, code: `C${id}`, name });
const folder = () => dirname(synced.file("job.json"));
const record = (code: string) => [...synced.world.crm.values()].find((r) => r.values.code === code)!.id;

async function changes(filter: ChangeFilter = {}) {
  const opened = await openChanges(folder(), filter);
  try {
    return await firstChanges(opened, 100);
  } finally {
    await opened.close();
  }
}

async function told(format: Exclude<ChangeFormat, "parquet">, filter: ChangeFilter = {}): Promise<string> {
  const opened = await openChanges(folder(), filter);
  let all = "";
  try {
    await tellChanges(opened, format, async (piece) => {
      all += piece;
      return true;
    });
  } finally {
    await opened.close();
  }
  return all;
}

beforeEach(() => {
  const audiences = { vips: { column: "vip" }, fans: { list: "fans" } };
  synced.settings = { onLeave: "deactivate", firstContact: "overwrite", audiences };
  synced.world.lists.set("fans", new Set());
  synced.world.audiences = { vips: new Set(["2"]), fans: new Set(["2", "3"]) };
  synced.world.source = ["1", "2", "3", "4", "5", "6"].map((id) => row(id));
});

test("a new row, a moved source, drift, conflict, first contact, audiences, a leave and a return", async () => {
  await synced.run();
  people.edit(synced.world, record("C3"), { name: "By hand" });
  people.edit(synced.world, record("C4"), { name: "By hand" });
  people.create(synced.world, { code: "C7", name: "There before" });
  people.create(synced.world, { code: "C8", name: "Name 8" });
  synced.world.lists.get("fans")!.delete(record("C3"));
  synced.world.audiences = { vips: new Set(["1"]), fans: new Set(["1", "3"]) };
  synced.world.source = [row("1"), row("2", "Ben"), row("3"), row("4", "Dan"), row("5"), row("7"), row("8"), row("9")];
  await synced.run();

  const { total, changes: all } = await changes();
  expect(total).toBe(all.length);
  const said = all
    .flatMap(({ key, kind, columns }) =>
      columns.length === 0
        ? [`${kind} ${key}`]
        : columns.map((c) => `${kind} ${key} ${c.column}: ${c.old} -> ${c.new}, ${c.reason}`),
    )
    .sort();
  expect(said).toEqual([
    "add 1 fans: null -> member, entered fans",
    "add 3 fans: null -> member, drift: taken out there",
    "adopt 7 name: There before -> Name 7, first contact",
    "adopt 8",
    "create 9 code: null -> C9, new",
    "create 9 name: null -> Name 9, new",
    "leave 6 statecode: 0 -> 1, left the source",
    "remove 2 fans: member -> null, left fans",
    "update 1 vip: null -> realized, entered vips",
    "update 2 name: Name 2 -> Ben, source changed",
    "update 2 vip: realized -> exited, left vips",
    "update 3 name: By hand -> Name 3, drift: changed there",
    "update 4 name: By hand -> Dan, conflict: changed here and there",
  ]);

  expect((await changes({ kinds: ["create", "leave"] })).changes.map((c) => c.key).sort()).toEqual(["6", "9"]);
  expect((await changes({ keys: ["2"], columns: ["vip"] })).changes).toMatchObject([
    { key: "2", kind: "update", columns: [{ column: "vip" }] },
  ]);
  expect(await told("text", { keys: ["2"] })).toBe(
    `~ update 2  ${record("C2")}
    name: "Name 2" -> "Ben"  (source changed)
    vip: "realized" -> "exited"  (left vips)
- remove 2  ${record("C2")}
    fans: "member" -> empty  (left fans)
`,
  );
  expect(await told("text", { keys: ["9"] })).toMatch(/^\+ create 9.*\n {4}code: "C9"\n {4}name: "Name 9"\n$/);
  expect(JSON.parse(await told("json"))).toEqual(all);
  expect(JSON.parse(await told("json", { keys: ["nobody"] }))).toEqual([]);
  expect(await told("text", { keys: ["nobody"] })).toBe("");
  expect(await told("csv", { keys: ["nobody"] })).toBe("key,kind,id,column,old,new,reason\r\n");

  synced.world.source = [...synced.world.source, row("6")];
  await synced.run();
  expect((await changes()).changes).toMatchObject([
    {
      key: "6",
      kind: "update",
      columns: [{ column: "statecode", old: "1", new: "0", reason: "its row is there again" }],
    },
  ]);
});

test("a row at fault shows what is still written; a deletion shows what goes; lists are shown by their name", async () => {
  synced.settings = { ...synced.settings, onLeave: "delete", allowDelete: true };
  await synced.run();
  synced.world.audiences.vips = new Set(["1"]);
  synced.world.source = [row("1"), row("2", "x".repeat(30)), row("3"), row("4"), row("5")];
  await synced.run();
  expect(await told("text", { kinds: ["status", "delete"] })).toMatch(
    /^~ status 2.*\n {4}vip: "realized" -> "exited" {2}\(left vips\)\n- delete 6 {2}[0-9a-f-]{36}\n {4}code: "C6" -> empty {2}\(left the source\)\n {4}name: "Name 6" -> empty {2}\(left the source\)\n$/,
  );
});

test("an undo shows what it takes back, of members, too; what retention removed is told so", async () => {
  await synced.run();
  await synced.undo(synced.last());
  const undone = (await changes()).changes;
  expect(new Set(undone.map(({ kind }) => kind))).toEqual(new Set(["leave", "remove"]));
  expect(new Set(undone.flatMap(({ columns }) => columns.map(({ reason }) => reason)))).toEqual(new Set(["undone"]));
  rmSync(synced.file("touched.parquet"));
  await expect(changes()).rejects.toMatchObject({
    code: "plan_incomplete",
    message: expect.stringMatching(/kept no longer/),
  });
});

test("a key makes no line of its own", async () => {
  synced.world.source = [row("1\n+ delete 2")];
  await synced.run();
  expect(await told("text")).toMatch(/^[+] create 1\ufffd[+] delete 2 /);
});

const strange = [
  "=1+1",
  "'=1+1",
  "+49 1",
  "-5",
  "@x",
  "\tx",
  " =1",
  "a,b",
  'a"b',
  "a\nb",
  "\u001b[31mred",
  "\u202eevil",
  "ok",
];

test("CSV is safe to open and loses nothing; a terminal gets no commands", async () => {
  synced.settings = {};
  synced.world.source = strange.map((name, n) => row(`${n}`, name));
  await synced.run();
  const csv = await told("csv");
  const file = join(synced.folder, "told.csv");
  for (const format of ["csv", "json", "parquet", "text"] as const) {
    const opened = await openChanges(folder(), {});
    await exportChanges(opened, format, join(synced.folder, `told.${format}`));
    await opened.close();
  }
  expect(readFileSync(file, "utf8")).toBe(csv);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(synced.folder, "told.parquet")).mode & 0o777).toBe(0o600);
  const duck = await openDuck({ memoryLimit: "256MB", temp: synced.folder });
  try {
    const names = async (from: string, value: string) =>
      (
        await duck.all<{ value: string }>(
          `SELECT ${value} AS value FROM ${from} WHERE "column" = 'name' ORDER BY key::INTEGER`,
        )
      ).map((each) => each.value);
    const cells = await names(`read_csv(${text(file)}, all_varchar = true, quote = '"', escape = '"')`, '"new"');
    expect(cells.filter((cell) => /^\s*[=+\-@\t\r]/.test(cell))).toEqual([]);
    const back = `read_csv(${text(file)}, all_varchar = true, quote = '"', escape = '"')`;
    expect(await names(back, cellValue('"new"'))).toEqual(strange.map((name) => name));
    expect(await names(`${parquetRows(join(synced.folder, "told.parquet"))}`, '"new"')).toEqual(strange);
    const [same] = await duck.all<{ a: string; b: string }>(
      `SELECT ${spreadsheetCell("''")} AS a, ${spreadsheetCell("NULL::VARCHAR")} AS b`,
    );
    expect(same).toEqual({ a: "", b: null });
  } finally {
    await duck.close();
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(await told("text")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(csv.startsWith("key,kind,id,column,old,new,reason\r\n")).toBe(true);
});

test("what nobody reads on is told no further; a file that cannot be written is named", async () => {
  await synced.run();
  const opened = await openChanges(folder(), {});
  let pieces = 0;
  await tellChanges(opened, "text", async () => ++pieces < 1);
  expect(pieces).toBe(1);
  await expect(exportChanges(opened, "csv", "/nowhere/told.csv")).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("/nowhere/told.csv cannot be written"),
  });
  await opened.close();
});
