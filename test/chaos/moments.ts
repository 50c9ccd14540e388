import type { Random } from "../../examples/generator/random.ts";
import type { Passing, Stage } from "./gate.ts";

/** When a run is killed: some time after its start, with a request, or when a file of its folder is written. */
export type Moment =
  | { at: "time"; share: number }
  | { at: "request"; kind: Passing["kind"]; n: number; stage: Stage }
  | { at: "file"; sync: string; name: string; nth: number };

/**
 * Who is killed: the command and all its processes, the command alone, the process of the run alone, or the server of the
 * control database, which then comes back at once.
 */
export type Victim = "group" | "command" | "job" | "server";

export type Kill = { moment: Moment; victim: Victim };

const stages: readonly Stage[] = ["arrived", "committed", "answered"];

/** Written in the course of a run, in this order. */
const files = [
  "change-1-create.parquet",
  "change-2-update.parquet",
  "touched.parquet",
  "journal.ndjson",
  "outcome.parquet",
  "rows.duckdb.wal",
  "relied.json",
  "done.json",
];

/** The same of an undo. */
const filesOfUndo = [
  "job.json",
  "touched.parquet",
  "change-0-activate.parquet",
  "change-2-update.parquet",
  "plan.json",
  "undo.json",
  "journal.ndjson",
  "written.parquet",
  "outcome.parquet",
  "rows.duckdb.wal",
  "done.json",
];

/** A kill anywhere in a run, or an undo, that sends about so many `writes`: what dies in the middle of sending is tried most. */
export function drawKill(r: Random, writes: number, undo: boolean): Kill {
  const victim = r.pick(["group", "group", "group", "command", "job"] as const);
  return { victim, moment: drawMoment(r, writes, undo) };
}

function drawMoment(r: Random, writes: number, undo: boolean): Moment {
  const kind = r.pick([
    "time",
    "time",
    "file",
    "file",
    "write",
    "write",
    "write",
    "write",
    "read",
    "describe",
  ] as const);
  if (kind === "time") return { at: "time", share: r.next() };
  if (kind !== "file") {
    const most = { write: writes, read: 6, describe: 20 }[kind];
    return { at: "request", kind, n: r.int(1, most), stage: r.pick(stages) };
  }
  const name = r.pick(undo ? filesOfUndo : files);
  const nth = name === "journal.ndjson" ? r.int(1, Math.max(1, Math.floor(writes / 2))) : 1;
  return { at: "file", sync: undo ? "people" : r.pick(["people", "people", "people", "firms"]), name, nth };
}

/** A kill in the words of a report. */
export function described({ moment, victim }: Kill): string {
  const when =
    moment.at === "time"
      ? `after ${Math.round(moment.share * 100)} % of the time`
      : moment.at === "file"
        ? `when ${moment.name} of ${moment.sync} is written (${moment.nth})`
        : `when ${moment.kind} ${moment.n} has ${moment.stage}`;
  return `${victim} ${when}`;
}
