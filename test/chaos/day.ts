import { existsSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../examples/generator/random.ts";
import type { RunCounts } from "../../src/core/run.ts";
import type { Expected, Needed } from "./expected.ts";
import type { Ended, Lane } from "./lane.ts";
import { described, drawKill, type Kill } from "./moments.ts";
import { type Phase, type Played, type Trial, wantsMore } from "./played.ts";
import { sameAs } from "./same-as.ts";
import { filesOf, type Source } from "./source.ts";

/** After so many runs of a day, something is not as it should be. */
const mostRuns = 30;

/** One day of a history. */
export type Day = {
  lane: Lane;
  trial: Trial;
  r: Random;
  source: Source;
  played: Played;
  /** How long the last whole run took, and how many requests it wrote with: kills are aimed by it. */
  pace: { ms: number; writes: number };
  /** What was done to the day's runs, for the report. */
  notes: string[];
  /** What Dynamics is to hold when it is over. */
  after: Expected & { needed: Needed };
};

/**
 * Plays the day's runs until nothing is left to do; the first few are killed somewhere on their way. `calm`: not on this
 * day, for its run is to be taken back. `approve`: an undo stands against it.
 * @returns the last run of people.
 */
export async function playDay(day: Day, { calm, approve }: { calm: boolean; approve: boolean }): Promise<string> {
  const { lane, trial, r } = day;
  const { rejected } = day.after.needed;
  lane.source(filesOf(day.source));
  const aims = calm || trial.kills === 0 ? 0 : r.int(1, 4);
  return counted(day, !calm && r.chance(0.5), async () => {
    if (!approve) return untilDone(day, ["run"], aims, rejected);
    const firms = await untilDone(day, ["run", "firms"], 0, 0);
    const people = await untilDone(day, ["run", "people", "--approve", "undone"], aims, rejected);
    return { ...people, written: firms.written + people.written, early: firms.early + people.early };
  });
}

/**
 * `again`: how many runs before the last one did not do all. `early`: of how many rows they wrote the audience's column alone, because
 * their firm was not there yet: the rest follows, in two writes for one.
 */
type Done = { run: string; written: number; again: number; early: number };

/**
 * With `faulty`, through faults. Fails where Dynamics does not hold what it is to hold, or was written to more or less often
 * than needed.
 */
export async function counted(
  { lane, trial, r, played, notes, after }: Day,
  faulty: boolean,
  work: () => Promise<Done>,
): Promise<string> {
  const through = faulty && trial.rate > 0;
  if (through) await lane.control("faults", faultRules(trial.rate, r));
  const { run, written, again, early } = await work();
  if (through) await lane.control("faults", undefined, "DELETE");
  const { needed } = after;
  notes.push(`${written} of ${needed.writes} written${through ? ", faults" : ""}`);
  await sameAs(lane, after);
  // Whether a state was set is seen nowhere in what is read, so what was cut short sets it once more.
  const most = needed.writes + needed.states * again + early;
  if (written < needed.writes || written > most)
    throw new Error(`Dynamics wrote ${written} rows, ${needed.writes} had to be written`);
  played.written += written;
  played.needed += needed.writes;
  return run;
}

/** The same command until there is nothing left for it to do; `rejected`: how many rows are at fault. */
export async function untilDone(day: Day, command: string[], aims: number, rejected: number): Promise<Done> {
  const { lane, trial, played, pace } = day;
  await lane.control("requests/clear", {});
  let before = await requestsOf(lane);
  // A run whose command alone was killed hears of it when it next listens: what it sends until then is the next one's.
  let orphan = false;
  let early = 0;
  for (let n = 0; n < mostRuns; n++) {
    const aimed = n < aims && wantsMore(trial, played);
    const unanswered = lane.gate.unanswered();
    const ended = aimed
      ? await killOne(day, command)
      : { ...(await whole(day, command)), killed: false, orphan: false };
    await lane.gate.idle();
    const log = await requestsOf(lane);
    played.runs++;
    played.requests += log.requests - before.requests;
    const rows = log.rows - before.rows;
    if (!aimed) pace.writes = Math.max(3, log.writes - before.writes);
    before = log;
    if (ended.killed) {
      orphan = ended.orphan;
      continue;
    }
    played.unanswered += lane.gate.unanswered() - unanswered;
    const counts = soundCounts(ended, lane.folder);
    if (!counts) day.notes.push(`ended with ${ended.result.error!.code}`);
    else if (counts.failed > 0) day.notes.push(`${counts.failed} failed`);
    const runs = runsIn(ended);
    for (const { sync, run } of runs) played.resolved += lane.resolved(sync, run);
    const agree = counts && (orphan ? rows >= counts.writes : rows === counts.writes);
    if (counts && !(counts.failed > 0) && !agree)
      throw new Error(`a run says that it wrote ${counts.writes} rows; Dynamics wrote ${rows}`);
    if (counts && counts.failed > 0)
      for (const { sync, run } of runs)
        if (sync === "people" && command[0] === "run") early += await lane.toldEarly(run);
    if (!counts || counts.failed > 0) continue;
    if (counts.rejected !== rejected || counts.excluded > 0)
      throw new Error(`${rejected} rows are at fault, but the counts are ${JSON.stringify(counts)}`);
    return { run: runs.at(-1)!.run, written: log.rows, again: n, early };
  }
  throw new Error(`after ${mostRuns} runs there is still something to do`);
}

type Run = NonNullable<Ended["result"]["runs"]>[number];

/** What one command did: a run of each sync, or the undo of one. */
const runsIn = ({ result: { runs, run, sync, status, counts } }: Ended): Run[] =>
  runs ?? (run && sync && status ? [{ run, sync, status, counts: counts ?? null }] : []);

async function whole({ lane, pace }: Day, command: string[]): Promise<Ended> {
  const started = performance.now();
  const ended = await lane.command(...command);
  pace.ms = performance.now() - started;
  return ended;
}

/** One run with a kill; then, now and then, one of the control database, and the loss or tearing of a journal. */
async function killOne(
  { lane, r, played, pace, notes }: Day,
  command: string[],
): Promise<Ended & { killed: boolean; orphan: boolean }> {
  const undo = command[0] === "undo";
  const drawn = drawKill(r, pace.writes, undo);
  const kill: Kill = lane.postgres && r.chance(0.3) ? { ...drawn, victim: "server" } : drawn;
  const ended = { ...(await lane.killed(command, kill, pace.ms)), orphan: kill.victim === "command" };
  if (ended.killed && kill.victim === "server") {
    played.control_killed++;
    notes.push(described(kill));
    return { ...ended, killed: false };
  }
  if (!ended.killed) return ended;
  played.killed++;
  if (undo) played.undos_killed++;
  played.hit[phaseOf(lane.newest())]++;
  notes.push(`${undo ? "undo: " : ""}${described(kill)}`);
  const journals = lane
    .unfinished()
    .map((run) => join(run, "journal.ndjson"))
    .filter(existsSync);
  for (const path of journals) {
    if (played.journals_deleted === 0) {
      rmSync(path);
      played.journals_deleted++;
      notes.push("journal deleted");
    } else if (r.chance(0.2)) {
      truncateSync(path, Math.max(0, readFileSync(path).length - 10));
      notes.push("journal torn");
    }
  }
  if (!lane.postgres && r.chance(0.15)) {
    const control = await lane.killed(["runs"], { victim: "group", moment: { at: "time", share: r.next() } }, 4000);
    if (control.killed) {
      played.control_killed++;
      notes.push("control database killed");
    }
  }
  return ended;
}

/** `newest`: the folder of the newest run. */
function phaseOf(newest: string | undefined): Phase {
  const has = (file: string) => newest !== undefined && existsSync(join(newest, file));
  if (has("done.json")) return "ended";
  if (has("outcome.parquet")) return "folding";
  if (has("journal.ndjson")) return "sending";
  if (has("touched.parquet")) return "planned";
  return newest === undefined ? "before" : "planning";
}

/** Undefined where the other side stopped the run: it is to be run again. */
function soundCounts(ended: Ended, folder: string): RunCounts | undefined {
  const { code, result, words } = ended;
  const { totals = result.counts, error } = result;
  for (const { sync, counts: c } of runsIn(ended)) {
    if (!c) continue;
    const sum = c.created + c.updated + c.deleted + c.unchanged + c.excluded + c.rejected + c.failed;
    if (sum !== c.received) throw new Error(`counts of ${sync} do not add up: ${JSON.stringify(c)}`);
  }
  if (error && !["throttled", "unavailable"].includes(error.kind))
    throw new Error(`${error.code}: ${error.message} (${folder})`);
  if (error) return undefined;
  if (!totals) throw new Error(`a run ended with ${code} and no result: ${words.trim() || "it said nothing"}`);
  return totals;
}

/** What the sandbox saw since its log was last cleared: requests, those that wrote, and rows written. */
export async function requestsOf(lane: Lane): Promise<{ requests: number; writes: number; rows: number }> {
  const { requests } = await lane.control<{ requests: { write: boolean; rows: number }[] }>("requests");
  const writes = requests.filter((each) => each.write && each.rows > 0);
  return { requests: requests.length, writes: writes.length, rows: writes.reduce((sum, each) => sum + each.rows, 0) };
}

/** What goes wrong, each kind with an equal part of the rate, on requests of any sort: reads, writes, metadata, tokens. */
function faultRules(rate: number, r: Random): object[] {
  const kinds = [
    { status: 429, retryAfter: 2 },
    { status: 503 },
    { resetBefore: true },
    { resetAfter: true },
    { truncate: true },
    { expireTokens: true },
  ];
  return kinds.map((kind) => ({ ...kind, rate: rate / kinds.length, seed: r.int(1, 1_000_000) }));
}
