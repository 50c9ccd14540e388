import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  crmConnector,
  modelObject,
  type Outside,
  outside,
  people,
  type SourceRow,
  sourceConnector,
} from "../../test/model.ts";
import { expect_, type Memory, memory, type OracleSync, remember } from "../../test/oracle.ts";
import { guardCodes } from "../core/guards.ts";
import { syncFile } from "../core/project.ts";
import type { ColumnPolicies, Policies, Writes } from "../core/state.ts";
import { runJob } from "./index.ts";
import type { Job, JobResult } from "./job.ts";

/**
 * Holds the plan's SQL, and all that follows until the fold, to the oracle: random histories of a source, of people who
 * edit, delete and make records, and of a destination that rewrites what it is given, under every policy. SEED and RUNS
 * play others and more; SHRINK=1 looks for the shortest history that fails.
 */
const code = fc.constantFrom("A", "a", "B", "é", "E", "e\u0301", "C ", "c\0", "ß", "İ", null, "D");
const row = fc.record({
  id: fc.constantFrom("1", "2", "3", "4", "5", "6", ""),
  code,
  name: fc.constantFrom("x", "X", " y", "", null, "zu\u0308rich", "zürich", "it's", '"q"\n', "a\0b", "🧡".repeat(11)),
  amount: fc.constantFrom("1", "1.00", "001", "2.005", "-3", "-0", "bad", null),
  size: fc.constantFrom("1", "1.0", "1e0", "0.1", "1E-1", "-0", "bad", null),
  born: fc.constantFrom("2000-01-01", "1999-12-31", "bad", null),
});
const values = fc.record(
  {
    code,
    name: fc.constantFrom("x", "crm", null),
    amount: fc.constantFrom("1.0", "7", null),
    size: fc.constantFrom("1", "1E0", "0.10", null),
    born: fc.constantFrom("2000-01-01T00:00:00Z", "1950-05-05", null),
  },
  { requiredKeys: [] },
);
const member = fc.constantFrom("1", "2", "3", "4", "5");
const audience = fc.constantFrom("vips" as const, "fans" as const);

const policies: fc.Arbitrary<Policies> = fc.record({
  mode: fc.constantFrom("upsert", "upsert", "upsert", "update", "create"),
  severalMatches: fc.constantFrom("reject", "oldest", "newest"),
  deletedThere: fc.constantFrom("hold", "recreate", "unlink"),
  onLeave: fc.constantFrom("nothing", "clear", "deactivate", "delete"),
});
const precedence = fc.constantFrom("overwrite", "keep", "fill");
const ofColumns: fc.Arbitrary<ColumnPolicies> = fc.record({
  firstContact: precedence,
  drift: precedence,
  conflict: precedence,
});
const chosen = fc.record({ all: ofColumns, name: ofColumns, amount: ofColumns });
type Chosen = Record<"all" | "name" | "amount", ColumnPolicies>;
/** Which columns are mapped, beside `code`; when their lines write; and which say nothing where the source is empty. */
type Mapping = {
  mapped: ("name" | "amount" | "size" | "born")[];
  writes: Record<"code" | "name" | "amount", Writes>;
  silent: ("name" | "amount" | "born")[];
};
type Step =
  | { do: "put"; row: SourceRow }
  | { do: "drop"; id: string }
  | { do: "join" | "part"; audience: "vips" | "fans"; id: string }
  | { do: "create"; values: SourceRow }
  | { do: "edit" | "delete" | "enlist" | "delist" | "restore"; nth: number; values: SourceRow }
  | { do: "merge"; nth: number; other: number }
  | { do: "rename"; id: string; to: string }
  | { do: "decide"; policies: Policies; columns: Chosen }
  | ({ do: "map" } & Mapping)
  | { do: "run" };
const writes = fc.constantFrom<Writes>("always", "always", "on create", "when empty");
const mapping: fc.Arbitrary<Mapping> = fc.record({
  mapped: fc.subarray(["name", "amount", "size", "born"]),
  writes: fc.record({ code: writes, name: writes, amount: writes }),
  silent: fc.subarray(["name", "amount", "born"]),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: row.map((r) => ({ do: "put" as const, row: r })) },
  { weight: 1, arbitrary: member.map((id) => ({ do: "drop" as const, id })) },
  ...(["join", "part"] as const).map((does) => ({
    weight: does === "join" ? 3 : 2,
    arbitrary: fc.tuple(member, audience).map(([id, audience]) => ({ do: does, audience, id })),
  })),
  { weight: 1, arbitrary: values.map((v) => ({ do: "create" as const, values: v })) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(5), values).map(([nth, v]) => ({ do: "edit" as const, nth, values: v })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(5), fc.nat(5)).map(([nth, other]) => ({ do: "merge" as const, nth, other })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(member, member).map(([id, to]) => ({ do: "rename" as const, id, to: `${to}-new` })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(policies, chosen).map(([p, c]) => ({ do: "decide" as const, policies: p, columns: c })),
  },
  { weight: 2, arbitrary: mapping.map((m) => ({ do: "map" as const, ...m })) },
  ...(["delete", "enlist", "delist", "restore"] as const).map((does) => ({
    weight: 1,
    arbitrary: fc.nat(5).map((nth) => ({ do: does, nth, values: {} })),
  })),
  { weight: 2, arbitrary: fc.constant({ do: "run" as const }) },
);
const rewrites = {
  none: (_: string, v: string | null) => v,
  shout: (c: string, v: string | null) => (c === "name" ? (v?.toUpperCase() ?? null) : v),
  forget: (c: string, v: string | null) => (c === "name" ? null : v),
  trim: (c: string, v: string | null) => (c === "name" ? v?.trim() || null : v),
  round: (c: string, v: string | null) => (c === "amount" && v !== null ? String(Math.round(Number(v))) : v),
  reformat: (c: string, v: string | null) =>
    v === null ? v : c === "born" ? `${v.slice(0, 10)}T00:00:00Z` : c === "size" ? Number(v).toExponential() : v,
};

const history = fc.record({
  policies,
  /** Of the sync, and of two lines that say otherwise. */
  columns: chosen,
  mirror: fc.constantFrom("all", "all", "touched", "none"),
  mapping,
  keyed: fc.boolean(),
  rewrite: fc.constantFrom(...(Object.keys(rewrites) as (keyof typeof rewrites)[])),
  defaults: fc.constantFrom({}, { name: "new" }, { amount: "5" }),
  before: fc.array(values, { maxLength: 3 }),
  steps: fc.array(step, { minLength: 5, maxLength: 25 }),
});

test("a run does exactly what the oracle says, over random histories", { timeout: 600_000 }, async () => {
  const seed = Number(process.env.SEED ?? 20261121);
  await fc.assert(fc.asyncProperty(history, play), {
    seed,
    numRuns: Number(process.env.RUNS ?? 15),
    endOnFailure: process.env.SHRINK === undefined,
  });
});

async function play(h: {
  policies: Policies;
  columns: Chosen;
  mirror: string;
  mapping: Mapping;
  keyed: boolean;
  rewrite: keyof typeof rewrites;
  defaults: SourceRow;
  before: SourceRow[];
  steps: Step[];
}): Promise<void> {
  const world = outside();
  world.rewrite = rewrites[h.rewrite];
  world.defaults = h.defaults;
  world.audiences.vips = new Set();
  world.audiences.fans = new Set();
  world.lists.set("fans", new Set());
  for (const v of h.before) people.create(world, v);
  const folder = await mkdtemp(join(tmpdir(), "sluice-property-"));
  const object = modelObject(h.keyed && distinctCodes(world));
  const sync: OracleSync = {
    object,
    ...mappedAs(h.mapping, h.columns),
    match: "code",
    key: "id",
    audience: "vips",
    list: "fans",
    policies: h.policies,
    mirror: h.mirror,
  };
  const past = memory();
  // A record that nobody asks for is met by the key as it refuses a second one: that is told in `mirror.test.ts`.
  const blind = h.mirror === "none" && object.keys.some((key) => key.active);
  try {
    let n = 0;
    let ended: Ended = { writes: 1, rejected: 0 };
    let chosen = h.columns;
    let now = h.mapping;
    for (const s of [...h.steps, { do: "run" as const }]) {
      if (s.do === "decide" || s.do === "map") {
        if (s.do === "map") now = s;
        else chosen = s.columns;
        Object.assign(sync, mappedAs(now, chosen), s.do === "decide" && { policies: s.policies });
      } else if (blind && ["create", "edit", "restore", "merge"].includes(s.do)) continue;
      else if (s.do !== "run") apply(world, s, sync.mirror === "all" ? undefined : past);
      else ended = await oneRun(world, sync, past, folder, ++n);
    }
    // A row that waited for a record to become free may go now. Else a run with nothing in between writes nothing.
    for (let more = 0; more < 4 && ended.writes > 0; more++) {
      const next = await oneRun(world, sync, past, folder, ++n);
      if (ended.rejected === 0) expect(next.writes).toBe(0);
      ended = next;
    }
    expect(ended.writes).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the CRM's key would refuse anyway is no history of a keyed table. */
const distinctCodes = (world: Outside): boolean => world.crm.size === 0;

function mappedAs(
  { mapped, writes, silent }: Mapping,
  { all, ...own }: Chosen,
): Pick<OracleSync, "columns" | "silent"> {
  const line = (name: string): OracleSync["columns"][number] => {
    const write = name in writes ? writes[name as keyof typeof writes] : "always";
    const policies = name in own ? own[name as keyof typeof own] : all;
    return { name, role: "mapped", clear: name !== "code" && write === "always", write, policies };
  };
  const status = { name: "vip", role: "status", clear: false, write: "always", policies: all } as const;
  return { columns: [...["code", ...mapped].map(line), status], silent };
}

/** `unseen`: what people do to linked records would not be seen, so they do nothing to them. */
function apply(world: Outside, s: Exclude<Step, { do: "run" | "decide" | "map" }>, unseen: Memory | undefined): void {
  const linked = new Set([...(unseen?.link.values() ?? [])].map(({ id }) => id));
  const ids = [...world.crm.keys()].filter((id) => !linked.has(id));
  if (s.do === "put") {
    const same = world.source.findIndex((r) => r.id === s.row.id);
    // Now and then a key comes twice.
    if (same >= 0 && s.row.born !== "bad") world.source[same] = s.row;
    else world.source.push(s.row);
  } else if (s.do === "drop") world.source = world.source.filter((r) => r.id !== s.id);
  else if ("audience" in s) world.audiences[s.audience]![s.do === "join" ? "add" : "delete"](s.id);
  else if (s.do === "create") people.create(world, s.values);
  else if (s.do === "rename") world.source = world.source.map((r) => (r.id === s.id ? { ...r, id: s.to } : r));
  else if (s.do === "restore")
    people.restore(world, [...world.bin.keys()].filter((id) => !linked.has(id))[s.nth] ?? "");
  else if (ids.length > 0) {
    const id = ids[s.nth % ids.length]!;
    if (s.do === "merge") people.merge(world, id, ids[s.other % ids.length]!);
    else if (s.do === "edit") people.edit(world, id, s.values);
    else if (s.do === "enlist") world.lists.get("fans")!.add(id);
    else if (s.do === "delist") world.lists.get("fans")!.delete(id);
    else people.remove(world, id);
  }
}

type Ended = { writes: number; rejected: number };

async function oneRun(world: Outside, sync: OracleSync, past: Memory, folder: string, n: number): Promise<Ended> {
  // A source without a single key stops a run: that is told elsewhere.
  if (!world.source.some((r) => (r.id ?? "").trim() !== ""))
    world.source.push({ id: "9", code: "Z", name: null, amount: null, size: null, born: null });
  const wanted = expect_(sync, world, past);
  const before = structuredClone(world.crm);
  const listed = new Set(world.lists.get("fans"));
  const { counts } = await engineRun(world, sync, folder, n);
  expect({ ...counts, seconds: 0, requests: 0 }).toMatchObject({ ...wanted.counts, failed: 0 });
  const expected = new Map(before);
  const unmatched = [...world.crm.values()].filter((r) => !before.has(r.id));
  const ids = new Map<string, string>();
  for (const d of wanted.decisions) {
    const made = d.action === "create" ? world.defaults : {};
    const write = { ...made, ...Object.fromEntries(Object.entries(d.write).map(([c, v]) => [c, world.rewrite(c, v)])) };
    if (d.action === "create") {
      const at = unmatched.findIndex((r) => same(r.values, write));
      expect(
        at,
        `a record made for ${d.key}: ${JSON.stringify(write)} among ${JSON.stringify(unmatched)}`,
      ).toBeGreaterThanOrEqual(0);
      ids.set(d.key, unmatched.splice(at, 1)[0]!.id);
    } else if (d.action === "delete") expected.delete(d.id!);
    else if (d.action !== "forget" && d.id !== null && before.has(d.id)) {
      const state = wanted.states.has(d.key) ? { statecode: wanted.states.get(d.key)! } : {};
      expected.set(d.id, { ...before.get(d.id)!, values: { ...before.get(d.id)!.values, ...write, ...state } });
    }
  }
  expect(unmatched).toEqual([]);
  expect([...world.crm.keys()].filter((id) => before.has(id)).sort()).toEqual([...expected.keys()].sort());
  for (const record of expected.values()) expect(world.crm.get(record.id)?.values).toEqual(record.values);
  for (const d of wanted.decisions) {
    if (d.action === "delete") listed.delete(d.id!);
    else if (d.member === "add") listed.add(ids.get(d.key) ?? d.id!);
    else if (d.member === "remove") listed.delete(d.id!);
  }
  expect(world.lists.get("fans")).toEqual(listed);
  const present = new Set(world.source.map((r) => (r.id ?? "").trim()));
  remember(sync, world, past, wanted, (key) => ids.get(key)!, present);
  return counts;
}

const same = (there: SourceRow, written: SourceRow): boolean =>
  [...new Set([...Object.keys(there), ...Object.keys(written)])].every(
    (c) => (there[c] ?? null) === (written[c] ?? null),
  );

const line = (sync: OracleSync, name: string) => {
  const { write, policies } = sync.columns.find((c) => c.name === name)!;
  const empty = sync.silent.includes(name) ? "skip" : "clear";
  return { from: name, write, empty, ...policies };
};

async function engineRun(world: Outside, sync: OracleSync, folder: string, n: number) {
  const file = syncFile.parse({
    model: "m",
    to: "crm",
    object: "contact",
    match: sync.match,
    ...sync.policies,
    ...sync.columns.find((c) => c.name === "vip")!.policies,
    mirror: sync.mirror,
    mapping: {
      ...Object.fromEntries(
        sync.columns
          .filter((c) => c.role === "mapped")
          .map(({ name }) => [name, { ...line(sync, name), ...(name === "born" && { formats: ["yyyy-MM-dd"] }) }]),
      ),
    },
    audiences: { vips: "vip", fans: { list: "fans" } },
  });
  const job: Job = {
    run: String(n).padStart(3, "0"),
    kind: "run",
    sync: "s",
    environment: "default",
    folder,
    syncFile: file,
    model: { name: "m", file: { connection: "rows", table: "rows", key: ["id"] } },
    audiences: ["vips", "fans"].map((name) => ({ name, file: { model: "m", sql: name } })),
    source: { connection: "rows", connector: "rows", config: {}, base: folder },
    destination: { connection: "crm", connector: "crm", config: {}, base: folder },
    memoryLimit: "512MB",
    approval: { codes: guardCodes.filter((code) => code !== "source_empty"), by: "a test", at: "2026-01-01T00:00:00Z" },
    upstream: [],
  };
  const connectors = {
    rows: sourceConnector(world, ["id", "code", "name", "amount", "size", "born"], "id"),
    crm: crmConnector(world, sync.object),
  };
  const result = await runJob(job, { connectors, onProgress: () => {}, signal: new AbortController().signal });
  return result as Extract<JobResult, { kind: "run" }>;
}
