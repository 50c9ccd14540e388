import type { Random } from "../../examples/generator/random.ts";
import type { Passing, Stage } from "./gate.ts";

/** When a run is killed: some time after its start, with a request, or when a file of its folder is written. */
export type Moment =
  | { at: "time"; share: number }
  | { at: "request"; kind: Passing["kind"]; n: number; stage: Stage }
  | { at: "file"; sync: string; name: string; nth: number };

/** Who is killed: the command and all its processes, the command alone, or the process of the run alone. */
export type Victim = "group" | "command" | "job";

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

/** A kill anywhere in a run that sends about so many `writes`: what dies in the middle of sending is tried most. */
export function drawKill(r: Random, writes: number): Kill {
  const victim = r.pick(["group", "group", "group", "command", "job"] as const);
  return { victim, moment: drawMoment(r, writes) };
}

function drawMoment(r: Random, writes: number): Moment {
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
  const name = r.pick(files);
  const nth = name === "journal.ndjson" ? r.int(1, Math.max(1, Math.floor(writes / 2))) : 1;
  return { at: "file", sync: r.pick(["people", "people", "people", "firms"]), name, nth };
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
