import { readFile } from "node:fs/promises";
import { brokenRun } from "./damage.ts";
import type { Job } from "./job.ts";
import { exists, type Layout } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { madeRefs } from "./sql/made.ts";
import { storedName } from "./sql/names.ts";
import { statesOf } from "./sql/states.ts";
import { writeWhole } from "./whole-file.ts";

/**
 * What a run's folder keeps of its job, so that its changes can be read and sent again with the configuration they were
 * planned under. Connections go by their name: no setting of theirs, and so no secret, is in it.
 */
export type KeptJob = Pick<
  Job,
  "run" | "kind" | "sync" | "environment" | "syncFile" | "model" | "audiences" | "only"
> & {
  /** Milliseconds since 1970; absent of a Sluice that did not keep it. */
  began?: number;
  source: string;
  destination: string;
  /** Organisation and table. */
  table: string;
  /** Of the shape: changes with everything that makes a row's want. */
  fingerprint: string;
  /** The columns of its change files, with their bits in the masks; `audience` is written by the one named. */
  columns: { name: string; stored: string; bit: number; audience?: string }[];
  /** Sent with creates alone, and in no mask. */
  parties: { name: string; stored: string }[];
  /** The sync maps the record's state: what wakes a record is a change like any other. */
  stateMapped: boolean;
  /** It keeps what state records are in before it sets it (`before`); absent of a Sluice that did not. */
  statesKept?: true;
  /** By number, as its change files name them. */
  memberships: { title: string; audience: string }[];
  /** Tables that records are made in for lookups to point at, by number, and the columns these get. */
  parents: { object: string; columns: { name: string; stored: string }[] }[];
};

export function keptJob(job: Job, shape: Shape, table: string): KeptJob {
  const { run, kind, sync, environment, syncFile, model, audiences, only } = job;
  return {
    began: Date.now(),
    ...{ run, kind, sync, environment, syncFile, model, audiences, table, ...(only && { only }) },
    source: job.source.connection,
    destination: job.destination.connection,
    fingerprint: shape.fingerprint,
    columns: shape.columns.map((c) => ({
      name: c.name,
      stored: `c_${storedName(c)}`,
      bit: c.index,
      ...(c.audience !== undefined && { audience: shape.audiences[c.audience]!.name }),
    })),
    parties: shape.parties.map((c) => ({ name: c.name, stored: `party_${c.name}` })),
    stateMapped: statesOf(shape).state !== undefined,
    statesKept: true,
    memberships: shape.memberships.map(({ into, audience }) => ({
      title: into.title,
      audience: shape.audiences[audience]!.name,
    })),
    parents: madeRefs(shape).map(({ ref, label }) => ({
      object: ref.object.name,
      columns: [...ref.by, ...(label ? [label] : [])].map((c) => ({ name: c.name, stored: `c_${c.name}` })),
    })),
  };
}

/** Whole or not at all, before the first change is written down. */
export async function keepJob(at: Pick<Layout, "job">, kept: KeptJob): Promise<void> {
  await writeWhole(at.job, kept);
}

/** Undefined where the run had not come so far, or is of a Sluice that kept none. */
export async function readKeptJob(at: Pick<Layout, "job">): Promise<KeptJob | undefined> {
  try {
    return JSON.parse(await readFile(at.job, "utf8")) as KeptJob;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT" || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** For those who cannot do without it. Undefined where there is none. Error: state_broken. */
export async function readWholeJob(at: Pick<Layout, "job">): Promise<KeptJob | undefined> {
  const kept = await readKeptJob(at);
  if (!kept && (await exists(at.job))) throw brokenRun([at.job]);
  return kept;
}
