import { type Random, random } from "../examples/generator/random.ts";
import type { Passing, Stage } from "./crash-gate.ts";

/** When a run is killed: some time after its start, with a request, or when a file of its folder is written. */
export type Moment =
  | { at: "time"; share: number }
  | { at: "request"; kind: Passing["kind"]; table: string; n: number; stage: Stage }
  | { at: "file"; name: string; nth: number };

/** Who is killed: the command and all its processes, the command alone, or the process of the run alone. */
export type Victim = "group" | "command" | "job";

export type Crash = { moment: Moment; victim: Victim; syncs: "contacts" | "both" };

/** How far a killed run had come. `over`: it ended before it could be killed. */
export const phases = ["start", "refresh", "plan", "deliver", "readback", "fold"] as const;
export type Phase = (typeof phases)[number] | "over";

/**
 * Batches of the load: 300 accounts go in 3, 4,960 contacts in 14 at least, which grow while Dynamics is quick; both
 * tables are described in 34 requests.
 */
const [contactWrites, accountWrites, describes] = [14, 3, 34];

const stages: readonly Stage[] = ["arrived", "committed", "answered"];

type Draw = (r: Random) => Moment;
const time =
  (from: number, to: number): Draw =>
  (r) => ({ at: "time", share: from + r.next() * (to - from) });
const request =
  (kind: Passing["kind"], table: string, most: number, of = stages): Draw =>
  (r) => ({ at: "request", kind, table, n: r.int(1, most), stage: r.pick(of) });
const file =
  (...names: string[]): Draw =>
  (r) =>
    atFile(r.pick(names));

const early: readonly Stage[] = ["arrived"];
const plan = file("change-1-create.parquet", "touched.parquet");
const deliver = request("write", "contacts", contactWrites);
/** The second read of a run is that of what it wrote. */
const readback: Draw = (r) => ({ at: "request", kind: "read", table: "contacts", n: 2, stage: r.pick(stages) });
const fold = file("outcome.parquet", "rows.duckdb.wal");

/** A moment that hits the phase, unless the machine is so busy that the kill comes late. */
export const aimedAt: Record<(typeof phases)[number], Draw> = {
  start: time(0, 0.02),
  refresh: request("describe", "", describes, early),
  plan,
  deliver,
  readback: (r) => ({ ...readback(r), stage: "arrived" }) as Moment,
  fold,
};

/** Twenty moments of a load, drawn from the seed and spread over the whole of it. */
export function twentyCrashes(seed: number, topic: string): Crash[] {
  const r = random(seed, topic);
  const draws: [Draw, Crash["syncs"]][] = [
    [aimedAt.start, "contacts"],
    [time(0, 0.2), "contacts"],
    [time(0, 1), "both"],
    [time(0.2, 1), "contacts"],
    [request("write", "accounts", accountWrites), "both"],
    [aimedAt.refresh, "contacts"],
    [request("describe", "", describes), "contacts"],
    [request("read", "contacts", 1), "contacts"],
    [plan, "contacts"],
    [plan, "contacts"],
    [aimedAt.deliver, "contacts"],
    [deliver, "contacts"],
    [deliver, "contacts"],
    [deliver, "contacts"],
    [deliver, "contacts"],
    [(q) => ({ at: "file", name: "journal.ndjson", nth: q.int(1, 4) }), "contacts"],
    [aimedAt.readback, "contacts"],
    [readback, "contacts"],
    [file("outcome.parquet"), "contacts"],
    [fold, "contacts"],
  ];
  return draws.map(([draw, syncs]) => ({
    moment: draw(r),
    victim: r.pick(["group", "group", "group", "command", "job"] as const),
    syncs,
  }));
}

/** A moment for a test's name. */
export function described({ moment, victim, syncs }: Crash): string {
  const when =
    moment.at === "time"
      ? `after ${Math.round(moment.share * 100)} % of the time`
      : moment.at === "file"
        ? `when ${moment.name} is written (${moment.nth})`
        : `when ${moment.kind} ${moment.n}${moment.table && ` of ${moment.table}`} has ${moment.stage}`;
  return `${victim} killed ${when}${syncs === "both" ? ", both syncs" : ""}`;
}

/** The write request of the contacts with this number has come so far. */
export const atWrite = (n: number, stage: Stage): Moment => ({
  at: "request",
  kind: "write",
  table: "contacts",
  n,
  stage,
});

/** A file of the run is written. */
export const atFile = (name: string): Moment => ({ at: "file", name, nth: 1 });
