import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crmConnector, modelObject, type Outside, outside, people, sourceConnector } from "../../test/model.ts";
import type { Connector } from "../core/connector.ts";
import { syncFile } from "../core/project.ts";
import { runJob } from "./index.ts";
import type { Job, JobResult } from "./job.ts";

let world: Outside;
let folder: string;
let runs: number;
let keyed: boolean;
let policies: Record<string, string>;

beforeEach(async () => {
  world = outside();
  folder = await mkdtemp(join(tmpdir(), "sluice-recover-"));
  [runs, keyed, policies] = [0, true, {}];
  world.source = [row("1", "A", "Ann"), row("2", "B", null)];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const row = (id: string, code: string, name: string | null) => ({ id, code, name });

/** The next run; `dies` before it reads back what it wrote, so nothing of it is folded. */
async function run({ dies = false } = {}) {
  const crm = crmConnector(world, modelObject(keyed));
  const job: Job = {
    run: `run-${++runs}`,
    kind: "run",
    sync: "s",
    environment: "default",
    folder,
    syncFile: syncFile.parse({
      model: "m",
      to: "crm",
      object: "contact",
      match: "code",
      mapping: { code: "code", name: "name" },
      ...policies,
    }),
    model: { name: "m", file: { connection: "rows", table: "rows", key: ["id"] } },
    audiences: [],
    source: { connection: "rows", connector: "rows", config: {}, base: folder },
    destination: { connection: "crm", connector: "crm", config: {}, base: folder },
    memoryLimit: "512MB",
    upstream: [],
  };
  const connectors = { rows: sourceConnector(world, ["id", "code", "name"], "id"), crm: dies ? mortal(crm) : crm };
  const work = runJob(job, { connectors, onProgress: () => {}, signal: new AbortController().signal });
  if (!dies) return ((await work) as Extract<JobResult, { kind: "run" }>).counts;
  await expect(work).rejects.toThrow("dead");
  return undefined;
}

/** Dies as soon as it reads after it has written. */
function mortal(connector: Connector): Connector {
  let written = false;
  return {
    ...connector,
    open(config, io) {
      const session = connector.open(config, io);
      return {
        ...session,
        write(...request) {
          written = true;
          return session.write!(...request);
        },
        read(...request) {
          if (written) throw new Error("dead");
          return session.read!(...request);
        },
      };
    },
  };
}

const file = (name: string) => join(folder, "runs", `run-${runs}`, name);
const there = () => [...world.crm.values()].map((r) => r.values).sort((a, b) => (a.code! < b.code! ? -1 : 1));

describe.each([
  ["kept", "a key"],
  ["kept", "no key"],
  ["deleted", "a key"],
  ["deleted", "no key"],
])("a run died after it had created its records: the journal %s, %s", (journal, guard) => {
  beforeEach(() => {
    keyed = guard === "a key";
  });
  const die = async () => {
    await run({ dies: true });
    if (journal === "deleted") await rm(file("journal.ndjson"));
  };

  test("nothing is written again, and what Dynamics filled in by itself stays", async () => {
    world.defaults = { name: "new", amount: "5" };
    await die();
    const before = there();
    expect(before[1]).toMatchObject({ code: "B", name: "new" });
    expect(await run()).toMatchObject({ received: 2, unchanged: 2, writes: 0 });
    expect(await run()).toMatchObject({ unchanged: 2, writes: 0 });
    expect(there()).toEqual(before);
  });

  test("only what changed in the source since then is written", async () => {
    world.defaults = { name: "new" };
    await die();
    world.source = [row("1", "A", "Anna"), row("2", "B", null)];
    expect(await run()).toMatchObject({ updated: 1, unchanged: 1, writes: 1 });
    expect(there()).toMatchObject([{ name: "Anna" }, { name: "new" }]);
  });

  test("a row that left since then is a row that left", async () => {
    policies = { onLeave: "clear" };
    await die();
    world.source = [row("2", "B", null)];
    expect(await run()).toMatchObject({ received: 2, updated: 1, unchanged: 1 });
    expect(there()).toMatchObject([{ code: "A", name: null }, { code: "B" }]);
  });

  test("a second death changes nothing", async () => {
    world.defaults = { name: "new" };
    await die();
    world.source.push(row("3", "C", null));
    await die();
    expect(await run()).toMatchObject({ unchanged: 3, writes: 0 });
    expect(there().map((r) => r.name)).toEqual(["Ann", "new", "new"]);
  });

  test("a record made anew, because somebody had deleted it, is not made twice", async () => {
    policies = { deletedThere: "recreate" };
    await run();
    people.remove(world, [...world.crm.keys()][0]!);
    await die();
    expect(world.crm.size).toBe(2);
    expect(await run()).toMatchObject({ unchanged: 2, failed: 0, writes: 0 });
    expect(world.crm.size).toBe(2);
  });

  test("what somebody else wrote meanwhile is put right, as after any run", async () => {
    await die();
    const [id] = [...world.crm].find(([, r]) => r.values.code === "A")!;
    people.edit(world, id, { name: "Zoe" });
    expect(await run()).toMatchObject({ updated: 1, unchanged: 1 });
    expect(there()[0]).toMatchObject({ name: "Ann" });
  });
});

test("with the journal a record is found whose match value was rewritten", async () => {
  world.rewrite = (column, value) => (column === "code" ? `X-${value}` : value);
  await run({ dies: true });
  expect(await run()).toMatchObject({ created: 0 });
  expect(world.crm.size).toBe(2);
});

test("without the journal several records that fit are for the policy to judge", async () => {
  keyed = false;
  await run({ dies: true });
  await rm(file("journal.ndjson"));
  for (const r of [...world.crm.values()]) {
    people.remove(world, r.id);
    people.create(world, { code: r.values.code! });
    people.create(world, { code: r.values.code! });
  }
  expect(await run()).toMatchObject({ rejected: 2, writes: 0 });
});

test("a torn last line of the journal is no line", async () => {
  await run({ dies: true });
  const journal = file("journal.ndjson");
  await truncate(journal, (await readFile(journal)).length - 20);
  expect(await run()).toMatchObject({ unchanged: 2, writes: 0 });
});

test("a plan that a power cut has torn does no harm", async () => {
  await run({ dies: true });
  await writeFile(file("change-1-create.parquet"), "PAR1");
  expect(await run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(await readdir(join(folder, "runs"))).toHaveLength(2);
});

test("a record that was there before belongs to nobody's dead run", async () => {
  people.create(world, { code: "A", name: "old" });
  await run({ dies: true });
  expect(await run()).toMatchObject({ unchanged: 2, writes: 0 });
  expect(there()).toMatchObject([{ code: "A", name: "Ann" }, { code: "B" }]);
});
