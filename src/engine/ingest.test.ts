import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Page, ReadRequest, Session } from "../core/connector.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import { type Duck, openDuck } from "./duck.ts";
import { type Ingest, type Ingested, ingest } from "./ingest.ts";

/** A full read of 20 pages that breaks off, and what the next one makes of it. */

const PAGES = 20;
const column = (name: string): Column => ({
  name,
  title: name,
  type: "text",
  required: false,
  create: true,
  update: true,
});
const object: ObjectSchema = {
  name: "thing",
  title: "Thing",
  set: "things",
  id: "thingid",
  label: "name",
  columns: [column("thingid"), column("name"), column("city")],
  keys: [],
  can: { bulk: true, deltas: true },
};

let duck: Duck;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-ingest-"));
  duck = await openDuck({ memoryLimit: "256MB", threads: 2, temp: folder });
});
afterEach(async () => {
  await duck.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Page n holds record n, named as the reading is. A read that is taken up also tells of `changed`. */
type World = { reading: string; breaksAfter?: number; changed?: string; refuses?: Error };

function sessionOf(world: World, requests: ReadRequest[]): Session {
  const page = (n: number | string, more: Partial<Page>): Page => ({
    rows: JSON.stringify([{ thingid: `${n}`, name: world.reading }]),
    deleted: [],
    count: 1,
    last: false,
    ...more,
  });
  return {
    wire: { property: (_: ObjectSchema, name: string) => name } as Session["wire"] & object,
    async *read(_, request) {
      requests.push(request);
      if (request.place !== undefined && world.refuses) throw world.refuses;
      for (let n = Number(request.place ?? 1); n <= PAGES; n++) {
        if (n === (world.breaksAfter ?? PAGES) + 1) throw new Error("gone away");
        yield page(n, n < PAGES ? { place: `${n + 1}` } : { cursor: "token" });
      }
      if (request.place !== undefined && world.changed) yield page(world.changed, { last: true });
    },
    objects: async () => [],
    describe: async () => object,
    close: async () => {},
  };
}

async function read(world: World, more: Partial<Ingest> = {}): Promise<Ingested & { requests: ReadRequest[] }> {
  const requests: ReadRequest[] = [];
  const done = await ingest(duck, {
    session: sessionOf(world, requests),
    object,
    columns: [{ name: "name", target: object.columns[1]! }],
    into: "fresh",
    created: false,
    folder,
    keep: { folder: join(folder, "reading"), destination: "here" },
    signal: new AbortController().signal,
    ...more,
  });
  return { ...done, requests };
}

const names = async () => {
  const rows = await duck.all<{ id: string; name: string }>(
    "SELECT id, c_name AS name FROM fresh ORDER BY id::INTEGER",
  );
  return rows.map((r) => r.name).join("");
};
const breakOff = (world: World) => expect(read(world)).rejects.toThrow("gone away");

test("the next one goes on after the last eight pages, with what has changed since, and says so", async () => {
  await breakOff({ reading: "a", breaksAfter: 18 });
  const done = await read({ reading: "b", changed: "3" });
  expect(done.requests).toMatchObject([{ place: "17", track: true }]);
  expect(done).toMatchObject({ full: true, resumed: true, cursor: "token", rows: 21 });
  expect(await names()).toBe("aabaaaaaaaaaaaaabbbb");
  expect(readdirSync(folder)).not.toContain("reading");
  expect(await read({ reading: "c" })).toMatchObject({ requests: [{ columns: ["name"] }], resumed: false, rows: 20 });
});

test("broken off twice: both parts count, and the time of the first", async () => {
  await breakOff({ reading: "a", breaksAfter: 9 });
  await breakOff({ reading: "b", breaksAfter: 17 });
  expect((await read({ reading: "c" })).requests).toMatchObject([{ place: "17" }]);
  expect(await names()).toBe("aaaaaaaabbbbbbbbcccc");
});

test("a short one keeps nothing, nor does one of changes or of some records", async () => {
  await breakOff({ reading: "a", breaksAfter: 7 });
  for (const part of [{ cursor: "token" }, { ids: ["1"] }])
    await expect(read({ reading: "a", breaksAfter: 18 }, part)).rejects.toThrow("gone away");
  expect(readdirSync(folder)).not.toContain("reading");
});

const expired = Object.assign(new Error("the place is refused"), { name: "CursorExpired" });
test.each<[string, Partial<Ingest>, (() => void)?, Partial<World>?]>([
  ["of another column", { columns: [{ name: "city", target: object.columns[2]! }] }],
  ["of a column that is another now", { columns: [{ name: "name", target: { ...column("name"), type: "integer" } }] }],
  ["of another organisation", { keep: { folder: "", destination: "there" } }],
  ["a day old", {}, () => edit((reading) => ({ ...reading, began: reading.began - 25 * 3600_000 }))],
  ["by another Sluice", {}, () => edit((reading) => ({ ...reading, fits: "x" }))],
  ["whose rows are damaged", {}, () => truncateSync(join(folder, "reading", "8.parquet"), 100)],
  ["whose rows are gone", {}, () => rmSync(join(folder, "reading", "8.parquet"))],
  ["whose place is damaged", {}, () => truncateSync(join(folder, "reading", "reading.json"), 20)],
  ["whose place is refused", {}, () => {}, { refuses: expired }],
])("one %s is thrown away, and everything read anew", async (_, more, spoil, world) => {
  await breakOff({ reading: "a", breaksAfter: 18 });
  spoil?.();
  const keep = { folder: join(folder, "reading"), destination: more.keep?.destination ?? "here" };
  const done = await read({ reading: "b", ...world }, { ...more, keep });
  expect(done.requests.at(-1)!.place).toBeUndefined();
  expect(done).toMatchObject({ full: true, resumed: false, rows: 20 });
  const { count } = await duck.one<{ count: number }>("SELECT count(DISTINCT id) AS count FROM fresh");
  expect(count).toBe(20);
});

type Form = [id: string, name: string];

/** Pages of records, and of ids that are reported as deleted. */
function pagesOf(pages: { forms?: Form[]; deleted?: string[] }[]): Session {
  return {
    ...sessionOf({ reading: "" }, []),
    async *read() {
      for (const { forms = [], deleted = [] } of pages)
        yield {
          rows: JSON.stringify(forms.map(([thingid, name]) => ({ thingid, name }))),
          deleted,
          count: forms.length + deleted.length,
          last: false,
        };
    },
  };
}

test.each<[string, Parameters<typeof pagesOf>[0], there: Form[], asExpected: string[]]>([
  ["as it was made", [{ forms: [["1", "a"]] }], [], ["1"]],
  ["with another value", [{ forms: [["1", "b"]] }], [["1", "b"]], []],
  ["made empty", [{ forms: [["2", "x"]] }], [["2", "x"]], []],
  ["that nobody expects", [{ forms: [["9", "a"]] }], [["9", "a"]], []],
  ["changed while it is read", [{ forms: [["1", "a"]] }, { forms: [["1", "b"]] }], [["1", "b"]], []],
  ["changed back while it is read", [{ forms: [["1", "b"]] }, { forms: [["1", "a"]] }], [], ["1"]],
  [
    "changed, and back, and again",
    [{ forms: [["1", "b"]] }, { forms: [["1", "a"]] }, { forms: [["1", "c"]] }],
    [["1", "c"]],
    [],
  ],
  ["with old news of its deletion", [{ forms: [["1", "a"]] }, { deleted: ["1"] }], [], ["1"]],
  ["deleted", [{ deleted: ["1"] }], [["1", ""]], []],
])("a record that is expected comes %s", async (_, pages, there, asExpected) => {
  await duck.run(
    "CREATE TABLE made AS SELECT id, hash(c_name) AS h FROM (VALUES ('1', 'a'), ('2', NULL)) t(id, c_name)",
  );
  await read({ reading: "" }, { session: pagesOf(pages), expected: async () => "made" });
  expect(await duck.all("SELECT id, coalesce(c_name, '') AS name FROM fresh")).toEqual(
    there.map(([id, name]) => ({ id, name })),
  );
  expect(await duck.all("SELECT DISTINCT id FROM as_expected")).toEqual(asExpected.map((id) => ({ id })));
});

test("more of them than are compared at once: those with another value are found in whichever page, and no page stays", async () => {
  const [pages, rows] = [11, 20_000];
  await duck.run(`CREATE TABLE made AS SELECT range::VARCHAR AS id, hash('a') AS h FROM range(${pages * rows})`);
  const other = (id: number) => id % 7_000 === 0 && Math.floor(id / rows) % 2 === 0;
  const forms = (n: number) =>
    Array.from({ length: rows }, (_, i): Form => [`${n * rows + i}`, other(n * rows + i) ? "b" : "a"]);
  const session = pagesOf(Array.from({ length: pages }, (_, n) => ({ forms: forms(n) })));
  expect(await read({ reading: "" }, { session, expected: async () => "made" })).toMatchObject({ rows: pages * rows });
  const others = Array.from({ length: pages * rows }, (_, id) => id).filter(other);
  expect(others.length).toBeGreaterThan(10);
  expect(await duck.all("SELECT id::INTEGER AS id, c_name AS name FROM fresh ORDER BY 1")).toEqual(
    others.map((id) => ({ id, name: "b" })),
  );
  const { noted } = await duck.one<{ noted: number }>("SELECT count(DISTINCT id) AS noted FROM as_expected");
  expect(noted).toBe(pages * rows - others.length);
  expect(readdirSync(folder).filter((name) => name.endsWith(".json"))).toEqual([]);
});

test("while it is not known yet what is expected, pages are read ahead; what then fails is the read's failure", async () => {
  await duck.run("CREATE TABLE made AS SELECT range::VARCHAR AS id, hash('a') AS h FROM range(20)");
  let known = () => {};
  const ahead = new Promise<void>((resolve) => {
    known = resolve;
  });
  const session = {
    ...sessionOf({ reading: "" }, []),
    async *read() {
      for (let n = 0; n < PAGES; n++) {
        if (n === PAGES - 1) known();
        yield {
          rows: JSON.stringify([{ thingid: `${n}`, name: n === 7 ? "b" : "a" }]),
          deleted: [],
          count: 1,
          last: false,
        };
      }
    },
  };
  const expected = () => ahead.then(() => "made");
  expect(await read({ reading: "" }, { session, expected })).toMatchObject({ rows: PAGES });
  expect(await duck.all("SELECT id FROM fresh")).toEqual([{ id: "7" }]);
  expect(await duck.all("SELECT count(*) AS n FROM as_expected")).toEqual([{ n: PAGES - 1 }]);
  const failing = read({ reading: "" }, { session, expected: async () => Promise.reject(new Error("no journal")) });
  await expect(failing).rejects.toThrow("no journal");
});

// biome-ignore lint/suspicious/noExplicitAny: a file spoilt at will
function edit(change: (reading: any) => unknown): void {
  const path = join(folder, "reading", "reading.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
}
