import { existsSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { type Random, random } from "../../examples/generator/random.ts";
import type { RunCounts } from "../../src/core/run.ts";
import { afterDay, beforehand, contentOf, difference, type Expected, linesOf, type Needed } from "./expected.ts";
import type { Ended, Lane } from "./lane.ts";
import { described, drawKill } from "./moments.ts";
import type { Policies } from "./project.ts";
import { filesOf, firstDay, nextDay, type Source } from "./source.ts";

/** `rate`: the share of requests that goes wrong on days of faults. */
export type Trial = { seed: number; rows: number; kills: number; rate: number };

const phases = ["before", "planning", "planned", "sending", "folding", "ended"] as const;
type Phase = (typeof phases)[number];

export type Played = {
  days: number;
  runs: number;
  killed: number;
  control_killed: number;
  journals_deleted: number;
  /** How far killed runs had come, as told by what they left. */
  hit: Record<Phase, number>;
  /** Changes whose answer was lost and that reading back found done. */
  resolved: number;
  /** Rows that Dynamics wrote, and how many had to be written. */
  written: number;
  needed: number;
  requests: number;
};

const none = () => Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<Phase, number>;

export const nothingPlayed = (): Played => ({
  days: 0,
  runs: 0,
  killed: 0,
  control_killed: 0,
  journals_deleted: 0,
  hit: none(),
  resolved: 0,
  written: 0,
  needed: 0,
  requests: 0,
});

export function add(total: Played, { hit, ...numbers }: Played): void {
  for (const phase of phases) total.hit[phase] += hit[phase];
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) total[name] += numbers[name];
}

/** After so many days of a history, and so many runs of a day, something is not as it should be. */
const [mostDays, mostRuns] = [40, 30];
const fewestDays = 4;

/** What a history is played with: half have alternate keys, a third a partial mirror, all ways of leaving come in turn. */
export const policiesOf = (history: number): Policies => ({
  keyed: history % 2 === 0,
  mirror: history % 3 === 2 ? "touched" : "auto",
  onLeave: (["deactivate", "delete", "clear", "nothing"] as const)[Math.floor(history / 2) % 4]!,
});

/**
 * Plays one history: days of a source's life, each run until there is nothing left to do, with as many kills as the trial
 * wants. After each day Dynamics must hold what the model says.
 * @throws Error that tells the day, what happened on it, and what is wrong.
 */
export async function playHistory(
  lane: Lane,
  trial: Trial,
  history: number,
  tell: (line: object) => void,
): Promise<Played> {
  const policies = policiesOf(history);
  const seed = trial.seed * 1000 + history;
  const r = random(seed, "chaos");
  await lane.begin(policies);
  let source = firstDay(seed, trial.rows);
  let expected: Expected = beforehand(source);
  await seedByHand(lane, expected);
  const played = nothingPlayed();
  const pace = { ms: 2000 + trial.rows / 2, writes: Math.ceil(trial.rows / 400) + 3 };
  while (played.days < fewestDays || wantsMore(trial, played)) {
    if (++played.days > mostDays) throw new Error(`after ${mostDays} days only ${played.killed} runs were killed`);
    const after = afterDay(expected, source, policies.onLeave);
    const notes: string[] = [];
    try {
      await playDay({ lane, trial, r, source, played, pace, notes, needed: after.needed });
      await sameAs(lane, after);
    } catch (thrown) {
      throw new Error(`day ${played.days} (${notes.join("; ")}): ${(thrown as Error).message}`, { cause: thrown });
    }
    tell({ day: played.days, ...after.needed, killed: played.killed, notes });
    expected = after;
    source = nextDay(seed, source);
  }
  await historyTold(lane, played);
  return played;
}

/** More kills are wanted until the journal of a half-done run could be deleted. */
const wantsMore = ({ kills }: Trial, { killed, journals_deleted }: Played): boolean =>
  killed < kills || (kills > 0 && journals_deleted === 0);

type Day = {
  lane: Lane;
  trial: Trial;
  r: Random;
  source: Source;
  played: Played;
  /** How long the last whole run took, and how many requests it wrote with: kills are aimed by it. */
  pace: { ms: number; writes: number };
  /** What was done to the day's runs, for the report. */
  notes: string[];
  needed: Needed;
};

/** Runs until nothing is left to do; the first few are killed somewhere on their way. */
async function playDay(day: Day): Promise<void> {
  const { lane, trial, r, played, needed } = day;
  lane.source(filesOf(day.source));
  const faulty = trial.rate > 0 && r.chance(0.5);
  if (faulty) await lane.control("faults", faultRules(trial.rate, r));
  const before = played.killed;
  const aims = trial.kills === 0 ? 0 : r.int(1, 4);
  let written = 0;
  for (let n = 0; ; n++) {
    if (n === mostRuns) throw new Error(`after ${mostRuns} runs there is still something to do`);
    const aimed = n < aims && wantsMore(trial, played);
    await lane.control("requests/clear", {});
    const ended = aimed ? await killOne(day) : await whole(day);
    await lane.gate.idle();
    const log = await requestsOf(lane);
    played.runs++;
    played.requests += log.requests;
    written += log.rows;
    if (aimed && (ended as { killed?: boolean }).killed) continue;
    const counts = soundCounts(ended, lane.folder);
    for (const { sync, run } of ended.result.runs ?? []) played.resolved += lane.resolved(sync, run);
    // Kept by what was done before: rows that a dead run sent late may be among those of the log.
    if (counts && !(counts.failed > 0) && log.rows !== counts.writes)
      throw new Error(`a run says that it wrote ${counts.writes} rows; Dynamics wrote ${log.rows}`);
    if (!counts || counts.failed > 0) continue;
    if (counts.rejected !== needed.rejected || counts.excluded > 0)
      throw new Error(`${needed.rejected} rows are at fault, but the counts are ${JSON.stringify(counts)}`);
    break;
  }
  if (faulty) await lane.control("faults", undefined, "DELETE");
  day.notes.push(`${written} of ${needed.writes} written${faulty ? ", faults" : ""}`);
  // Whether a dead run has set a state is seen nowhere in what is read, so it is set once more.
  const most = needed.writes + needed.states * (played.killed - before);
  if (written < needed.writes || written > most)
    throw new Error(`Dynamics wrote ${written} rows, ${needed.writes} had to be written`);
  played.written += written;
  played.needed += needed.writes;
}

async function whole({ lane, pace }: Day): Promise<Ended> {
  const started = performance.now();
  const ended = await lane.command("run");
  pace.ms = performance.now() - started;
  const { writes } = await requestsOf(lane);
  pace.writes = Math.max(3, writes);
  return ended;
}

/** One run with a kill; then, now and then, one of the control database, and the loss or tearing of a journal. */
async function killOne({ lane, r, played, pace, notes }: Day): Promise<Ended & { killed: boolean }> {
  const kill = drawKill(r, pace.writes);
  const ended = await lane.killed(["run"], kill, pace.ms);
  if (!ended.killed) return ended;
  played.killed++;
  played.hit[phaseOf(lane.newest())]++;
  notes.push(described(kill));
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
  if (r.chance(0.15)) {
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
function soundCounts({ code, result }: Ended, folder: string): RunCounts | undefined {
  const { totals, error, runs } = result;
  for (const { sync, counts: c } of runs ?? []) {
    if (!c) continue;
    const sum = c.created + c.updated + c.deleted + c.unchanged + c.excluded + c.rejected + c.failed;
    if (sum !== c.received) throw new Error(`counts of ${sync} do not add up: ${JSON.stringify(c)}`);
  }
  if (error && !["throttled", "unavailable"].includes(error.kind))
    throw new Error(`${error.code}: ${error.message} (${folder})`);
  if (error) return undefined;
  if (!totals) throw new Error(`a run ended with ${code} and no result`);
  return totals;
}

/** What the sandbox saw since its log was last cleared: requests, those that wrote, and rows written. */
export async function requestsOf(lane: Lane): Promise<{ requests: number; writes: number; rows: number }> {
  const { requests } = await lane.control<{ requests: { write: boolean; rows: number }[] }>("requests");
  const writes = requests.filter((each) => each.write && each.rows > 0);
  return { requests: requests.length, writes: writes.length, rows: writes.reduce((sum, each) => sum + each.rows, 0) };
}

/** @throws Error that tells what differs. */
export async function sameAs(lane: Lane, expected: Expected): Promise<void> {
  const [contact, account, listmember] = await Promise.all(["contact", "account", "listmember"].map(lane.rows));
  const found = difference(
    contentOf({ contact: contact!, account: account!, listmember: listmember! }),
    linesOf(expected),
  );
  const wrong = Object.entries(found).filter(([, keys]) => keys.length > 0);
  if (wrong.length > 0)
    throw new Error(wrong.map(([what, keys]) => `${keys.length} ${what}: ${keys.slice(0, 3).join(", ")}`).join("; "));
}

/** One more run has nothing to do, and the history knows each run with its end. */
async function historyTold(lane: Lane, played: Played): Promise<void> {
  const { result } = await lane.command("run");
  if (result.totals?.writes !== 0) throw new Error(`a run without anything to do: ${JSON.stringify(result)}`);
  const { result: list } = await lane.command("runs", "--limit", "1000");
  const told = list.runs ?? [];
  const open = told.filter((run) => run.status === "running");
  const finished = told.filter((run) => run.sync === "people" && run.status === "finished");
  if (open.length > 0 || finished.length < played.days || told.length < played.runs - played.killed)
    throw new Error(`the history of ${played.runs} runs tells ${told.length}, ${open.length} of them open`);
}

async function seedByHand(lane: Lane, { contacts, accounts }: Expected): Promise<void> {
  const people = [...contacts].map(([n, { lastname, jobtitle }]) => ({
    externaluseridentifier: `${n}`,
    lastname,
    jobtitle,
  }));
  const firms = accounts.flatMap((name, n) => (name === "" ? [] : [{ accountnumber: `F${n}`, name, telephone1: "1" }]));
  await lane.control("seed", { table: "contact", rows: people });
  await lane.control("seed", { table: "account", rows: firms });
  await lane.control("seed", { table: "list", rows: [{ listname: "VIP", createdfromcode: 2, type: false }] });
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
