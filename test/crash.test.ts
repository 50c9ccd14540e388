import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../examples/generator/random.ts";
import { example } from "../examples/project.ts";
import type { RunCounts } from "../src/core/run.ts";
import { type Content, contactsWritten, contentOf, difference } from "./crash-content.ts";
import { lateWrites, type Passing, type Stage } from "./crash-gate.ts";
import { contacts, type Ended, type Lane, openLane } from "./crash-lane.ts";
import { aimedAt, atFile, atWrite, type Crash, described, type Phase, phases, twentyCrashes } from "./crash-moments.ts";

/**
 * A load of 5,000 customers is killed at random moments and run again: Dynamics must end as if nothing had happened.
 * SEED=n plays other moments.
 */
const seed = Number(process.env.SEED ?? 20261121);
const [customers, companies, sound] = [5000, 300, 4960];
const patient = { timeout: 300_000 };

let temporary: string;
/** All that were opened: they are closed in the end, however it comes. */
const lanes: Lane[] = [];
const free: Lane[] = [];
const waiting: ((lane: Lane) => void)[] = [];
/** The load nobody disturbs: what Dynamics holds then, and how long the command takes. */
let calm: Content & { ms: number };

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), "sluice-crash-"));
  const project = makeProject("project");
  const count = Math.max(2, Math.min(4, availableParallelism()));
  const names = Array.from({ length: count }, (_, i) => `lane-${i}`);
  const open = async (name: string) => void lanes.push(await openLane(join(temporary, name), project));
  await Promise.all(names.map(open));
  const [lane] = lanes as [Lane];
  await lane.clear({ keyed: true, accounts: false });
  const started = performance.now();
  const { code, result } = await lane.command("run");
  const ms = performance.now() - started;
  expect([code, result.totals]).toEqual([1, expect.objectContaining({ created: 5260, rejected: 40, writes: 5260 })]);
  calm = { ...(await contentOf(lane)), ms };
  free.push(...lanes);
}, 120_000);

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
  rmSync(temporary, { recursive: true, force: true });
});

async function onLane<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
  const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
  try {
    return await work(lane);
  } finally {
    const next = waiting.shift();
    if (next) next(lane);
    else free.push(lane);
  }
}

type Journal = "kept" | "torn" | "deleted";

/** What becomes of the journal of the run that was killed, if it had come so far. */
function treat(journal: Journal, lane: Lane): void {
  for (const run of lane.unfinished()) {
    const path = join(run, "journal.ndjson");
    if (journal === "kept" || !existsSync(path)) continue;
    if (journal === "deleted") rmSync(path);
    else truncateSync(path, Math.max(0, readFileSync(path).length - 10));
  }
}

type History = Crash & { keyed: boolean };

/**
 * Kills a load and runs it again, twice from the same wreck: with its journal and without. Says how far the killed one
 * had come.
 */
const play = (history: History, number = 0) =>
  onLane(async (lane) => {
    const both = history.syncs === "both";
    await lane.clear({ keyed: history.keyed, accounts: !both });
    const phase = await lane.crash(history, calm.ms);
    await lane.save();
    const before = (await contactsWritten(lane)).rows;
    for (const journal of ["kept", "deleted"] as const) {
      await lane.restore();
      await lane.control("requests/clear", {});
      treat(journal, lane);
      const syncs = both ? [] : [contacts];
      const totals =
        journal === "kept"
          ? endedWell(await lane.command("run", ...syncs))
          : (await lane.here((client) => client.run({ syncs }))).totals;
      await sameAsCalm(lane, totals, both);
      const written = before + (await contactsWritten(lane)).rows;
      expect(written, `each contact is written once, in both runs together, the journal ${journal}`).toBe(sound);
      // A run that died before it sent anything leaves an ordinary first load to the next one.
      if (!["start", "refresh", "plan"].includes(phase)) await quiet(lane);
      if (number % 4 === 0) await proven(lane);
    }
    return phase;
  });

async function sameAsCalm(lane: Lane, totals: RunCounts, both: boolean): Promise<void> {
  soundCounts(totals);
  expect(totals).toMatchObject({ received: customers + (both ? companies : 0), excluded: 0, updated: 0 });
  const found = await contentOf(lane);
  expect(difference(found.contacts, calm.contacts)).toEqual({ differs: [], doubled: [] });
  if (both) expect(difference(found.accounts, calm.accounts)).toEqual({ differs: [], doubled: [] });
}

function endedWell({ code, result }: Ended): RunCounts {
  const problems = JSON.stringify(result.runs?.map((run) => run.problems));
  expect([code, result.error], problems).toEqual([1, undefined]);
  soundCounts(result.totals!, problems);
  return result.totals!;
}

/** All but the forty rows that Dynamics would refuse has gone, and the counts add up. */
function soundCounts(t: RunCounts, problems?: string): void {
  expect(t, problems).toMatchObject({ rejected: 40, failed: 0 });
  expect(t.created + t.updated + t.deleted + t.unchanged + t.excluded + t.rejected + t.failed).toBe(t.received);
}

/** The example, but for two thirds of the orders: audiences are not what is tried here, and orders take time to read. */
function makeProject(name: string): string {
  const folder = join(temporary, name);
  example.copyInto(folder);
  const path = join(folder, "data", "orders.csv");
  const [head, ...orders] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [head, ...orders.slice(0, orders.length / 3)].join("\n"));
  return folder;
}

/** One more run has nothing to do. */
async function quiet(lane: Lane): Promise<void> {
  const { totals } = await lane.here((client) => client.run({ syncs: [contacts] }));
  expect(totals).toMatchObject({ writes: 0, rejected: 40, failed: 0 });
}

/** What Sluice believes of Dynamics is so. */
async function proven(lane: Lane): Promise<void> {
  const { syncs } = await lane.here((client) => client.verify({ syncs: [contacts] }));
  expect(syncs).toMatchObject([{ checked: sound, differences: 0 }]);
}

describe("a load killed at twenty moments", () => {
  const hit = new Set<Phase>();
  const keys = random(seed, "keys");
  const histories = twentyCrashes(seed, "load").map((crash) => ({ ...crash, keyed: keys.chance(0.5) }));

  test.concurrent.each(
    histories.map((history, i) => [i + 1, described(history), history.keyed ? "a key" : "own ids", history] as const),
  )("%i: %s, %s", patient, async (i, _name, _guard, history) => {
    hit.add(await play(history, i));
  });

  test("every phase was hit", patient, async () => {
    const r = random(seed, "aimed");
    for (const phase of phases)
      for (let tries = 0; tries < 5 && !hit.has(phase); tries++)
        hit.add(await play({ moment: aimedAt[phase](r), victim: "group", syncs: "contacts", keyed: true }));
    expect([...hit]).toEqual(expect.arrayContaining([...phases]));
  });
});

describe("what a dead run had sent arrives when the next one", () => {
  /** The next run waits with this request until the late ones are there. */
  const at = (kind: string, n: number) => (passing: Passing, stage: Stage) =>
    passing.kind === kind && passing.table === "contacts" && passing.n === n && stage === "arrived";

  test.concurrent.each([
    ["is about to write first", "a key", at("write", 1)],
    ["is about to write first", "own ids", at("write", 1)],
    ["has written half", "a key", at("write", 8)],
    ["reads back", "own ids", at("read", 2)],
  ] as const)("%s, %s", patient, async (_when, guard, now) => {
    await onLane(async (lane) => {
      await lane.clear({ keyed: guard === "a key", accounts: true });
      const late = lateWrites(11, 12);
      await lane.crash({ moment: atWrite(late.to, "arrived"), victim: "group", syncs: "contacts" }, calm.ms, late);
      expect((await contactsWritten(lane)).requests).toBeLessThanOrEqual(10);
      lane.gate.watch(async (passing, stage) => {
        if (now(passing, stage)) await late.letGo();
        return undefined;
      });
      const again = await lane.command("run", contacts);
      await late.letGo();
      await sameAsCalm(lane, endedWell(again), false);
      const { rows } = await contactsWritten(lane);
      expect(rows, "each contact is written once, by whichever run").toBe(sound);
      await quiet(lane);
      await proven(lane);
    });
  });
});

describe("a run of changes killed", () => {
  type Day = Omit<Crash, "syncs"> & { journal: Journal };
  const days: Day[] = [
    { moment: atWrite(1, "arrived"), victim: "group", journal: "kept" },
    { moment: atWrite(1, "committed"), victim: "command", journal: "kept" },
    { moment: atWrite(2, "committed"), victim: "job", journal: "torn" },
    { moment: atFile("outcome.parquet"), victim: "group", journal: "deleted" },
  ];

  /** The example loaded, in a world of its own; who leaves the source becomes inactive. */
  async function loaded(name: string): Promise<{ folder: string; lane: Lane }> {
    const folder = join(temporary, name);
    example.copyInto(folder);
    appendFileSync(join(folder, "syncs", `${contacts}.yaml`), "onLeave: deactivate\n");
    const lane = await openLane(join(temporary, `${name}-lane`), folder);
    lanes.push(lane);
    await lane.clear({ keyed: true, accounts: true });
    await lane.here((client) => client.run({ syncs: [contacts] }));
    return { folder, lane };
  }

  test("day after day, each with 50 customers changed and 20 gone", patient, async () => {
    const [shaken, still] = await Promise.all([loaded("shaken"), loaded("still")]);
    for (const { journal, ...crash } of days) {
      for (const { folder } of [shaken, still]) example.change(folder);
      const { totals } = await still.lane.here((client) => client.run({ syncs: [contacts] }));
      // Now and then a change is to what Dynamics has by default: then there is nothing to write.
      expect(totals.updated).toBeGreaterThan(60);
      await shaken.lane.crash({ ...crash, syncs: "contacts" }, calm.ms);
      treat(journal, shaken.lane);
      endedWell(await shaken.lane.command("run", contacts));
      const [found, wanted] = await Promise.all([contentOf(shaken.lane), contentOf(still.lane)]);
      expect(difference(found.contacts, wanted.contacts)).toEqual({ differs: [], doubled: [] });
    }
    await quiet(shaken.lane);
    expect((await shaken.lane.command("verify", contacts)).result).toMatchObject({ differences: 0 });
  });
});
