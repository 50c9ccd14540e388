import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crmConnector, modelObject, type Outside, outside, people, sourceConnector } from "../../test/model.ts";
import { syncFile } from "../core/project.ts";
import { runJob } from "./index.ts";
import type { Job, JobResult } from "./job.ts";

/** Histories in which a record could be doubled, lost, overwritten or forgotten: each was met once. */

let world: Outside;
let folder: string;
let runs: number;
let keyed: boolean;
let settings: Record<string, unknown>;

beforeEach(async () => {
  world = outside();
  folder = await mkdtemp(join(tmpdir(), "sluice-histories-"));
  [runs, keyed, settings] = [0, false, {}];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const row = (id: string, code: string | null, name: string | null = null, born: string | null = null) => ({
  id,
  code,
  name,
  born,
});
const names = () => [...world.crm.values()].map((r) => `${r.values.code}: ${r.values.name ?? ""}`).sort();

async function run(into: Outside = world) {
  const mapping = { code: "code", name: "name" };
  const job: Job = {
    run: `run-${++runs}`,
    kind: "run",
    sync: "s",
    environment: "default",
    folder,
    syncFile: syncFile.parse({ model: "m", to: "crm", object: "contact", match: "code", mapping, ...settings }),
    model: { name: "m", file: { connection: "rows", table: "rows", key: ["id"] } },
    audiences: [],
    source: { connection: "rows", connector: "rows", config: {}, base: folder },
    destination: { connection: into === world ? "crm" : "another crm", connector: "crm", config: {}, base: folder },
    memoryLimit: "512MB",
    upstream: [],
  };
  const connectors = {
    rows: sourceConnector(world, ["id", "code", "name", "born"], "id"),
    crm: crmConnector(into, modelObject(keyed)),
  };
  const done = await runJob(job, { connectors, onProgress: () => {}, signal: new AbortController().signal });
  return (done as Extract<JobResult, { kind: "run" }>).counts;
}

test("a state of one organisation is refused for another before anything is read or written", async () => {
  world.source = [row("1", "A")];
  await run();
  const other = outside();
  await expect(run(other)).rejects.toMatchObject({ code: "state_elsewhere", kind: "state" });
  expect(other).toMatchObject({ requests: 0, writes: 0 });
});

test("a sync that matches by another column finds the records of rows that got new keys", async () => {
  world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await run();
  settings = { match: "name" };
  world.source = [row("1", "A", "Ann"), row("2-new", "B", "Ben")];
  expect(await run()).toMatchObject({ created: 0 });
  expect(names()).toEqual(["A: Ann", "B: Ben"]);
});

test("a row that comes back together with a newcomer of the same match value keeps its record", async () => {
  world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await run();
  world.source = [row("9", "Z")];
  await run();
  world.source = [row("1", "A", "Ann"), row("2", "A", "Anton"), row("9", "Z")];
  expect(await run()).toMatchObject({ rejected: 1, created: 0 });
  expect(names()).toEqual(["A: Ann", "Z: "]);
});

test("a column that the mapping gains meets both sides for the first time: `keep` keeps, emptiness clears nothing", async () => {
  world.source = [row("1", "A", "Ann", null), row("2", "B", "Ben", "2000-01-01")];
  await run();
  for (const record of world.crm.values()) people.edit(world, record.id, { born: "1950-05-05" });
  const born = { from: "born", formats: ["yyyy-MM-dd"] };
  settings = { mapping: { code: "code", name: "name", born } };
  expect(await run()).toMatchObject({ updated: 1 });
  const dates = Object.fromEntries([...world.crm.values()].map((r) => [r.values.code, r.values.born]));
  expect(dates).toEqual({ A: "1950-05-05", B: "2000-01-01" });
});

test("a record that was to be taken over stays known where the destination refused that", async () => {
  world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await run();
  world.refuses = (values) => values.name === "Other";
  world.source = [row("1-new", "A", "Other"), row("9", "Z")];
  expect(await run()).toMatchObject({ rejected: 1, created: 0 });
  world.refuses = () => false;
  expect(await run()).toMatchObject({ created: 0, updated: 1 });
  expect(names()).toEqual(["A: Other", "Z: "]);
});

test("deleted records of nobody are forgotten by a full read, so that no new row is taken for theirs", async () => {
  const ghost = people.create(world, { code: "G", name: "Ghost" });
  world.source = [row("1", "A", "Ann")];
  await run();
  people.remove(world, ghost);
  settings = { mapping: { code: "code", name: "name", born: { from: "born", formats: ["yyyy-MM-dd"] } } };
  world.source = [row("1", "A", "Anna", "2000-01-01")];
  await run();
  world.source.push(row("2", "G", "Gus"));
  expect(await run()).toMatchObject({ created: 1, excluded: 0 });
});

test("what people change while we write is met by the next run", async () => {
  world.source = [row("1", "A", "Ann"), row("2", "B", "Ben")];
  await run();
  const [first] = [...world.crm.values()];
  world.fault = () => {
    people.edit(world, first!.id, { name: "By hand" });
    world.fault = () => "none";
    return "none";
  };
  world.source = [row("1", "A", "Ann"), row("2", "B", "Benno")];
  expect(await run()).toMatchObject({ updated: 1, writes: 1 });
  expect(await run()).toMatchObject({ updated: 1, writes: 1 });
  expect(names()).toEqual(["A: Ann", "B: Benno"]);
  expect(await run()).toMatchObject({ writes: 0 });
});

test("an id of ours is not chosen twice when a record's match value moves on and a new row takes the old one", async () => {
  world.source = [row("1", "A", "Ann")];
  await run();
  world.source = [row("1", "B", "Ann")];
  await run();
  world.source.push(row("2", "A", "Anton"));
  expect(await run()).toMatchObject({ created: 1, failed: 0, rejected: 0 });
  expect(names()).toEqual(["A: Anton", "B: Ann"]);
});

test("a record deactivated by us is activated by its row's return, even if the row was invalid at first", async () => {
  settings = {
    onLeave: "deactivate",
    mapping: { code: "code", name: "name", born: { from: "born", formats: ["yyyy-MM-dd"] } },
  };
  world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await run();
  world.source = [row("9", "Z")];
  await run();
  const state = () => [...world.crm.values()].find((r) => r.values.code === "A")!.values.statecode;
  expect(state()).toBe("1");
  world.source = [row("1", "A", "Ann", "never"), row("9", "Z")];
  expect(await run()).toMatchObject({ rejected: 1 });
  expect(state()).toBe("1");
  world.source = [row("1", "A", "Ann", "2000-01-01"), row("9", "Z")];
  expect(await run()).toMatchObject({ updated: 1 });
  expect(state()).toBe("0");
});

test("a record deactivated by us is activated by the row that takes it over", async () => {
  settings = { onLeave: "deactivate" };
  world.source = [row("1", "A", "Ann"), row("9", "Z")];
  await run();
  world.source = [row("9", "Z")];
  await run();
  world.source = [row("1-new", "A", "Ann"), row("9", "Z")];
  await run();
  expect([...world.crm.values()].find((r) => r.values.code === "A")!.values.statecode).toBe("0");
  expect(await run()).toMatchObject({ writes: 0 });
});

test("a source whose keys all came back empty stops the run", async () => {
  settings = { onLeave: "clear" };
  world.source = [row("1", "A", "Ann")];
  await run();
  world.source = [row("", "A", "Ann"), row("", "B", "Ben")];
  await expect(run()).rejects.toMatchObject({ code: "source_empty" });
  expect(names()).toEqual(["A: Ann"]);
});
