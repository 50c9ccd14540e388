import { z } from "zod";
import { expectedLogic } from "./logic.ts";

/** The phases of a run, in order (docs/architecture.md tells what each does). */
export const phases = ["extract", "refresh", "map", "plan", "deliver", "readback", "fold"] as const;
export type Phase = (typeof phases)[number];

/**
 * Sent by a run's process about ten times a second at most. `until`: the destination asked to be left alone until then
 * (milliseconds since 1970), and the run waits.
 */
export type Progress = { phase: Phase; done: number; total?: number; until?: number };

/**
 * What was read of the destination before a plan was made. all: the table, or what has changed in it. touched: the records
 * of the rows looked at. none: only records that new rows could be. `unseen`: what this cannot see, for people.
 */
export const mirror = z.object({
  mode: z.enum(["all", "touched", "none"]),
  why: z.string(),
  unseen: z.string().nullable(),
});
export type Mirror = z.infer<typeof mirror>;
export type MirrorMode = Mirror["mode"];

/** What a plan would do, by kind. Rows are counted once. `adopt`: first link to a record that exists already. */
export const planCounts = z.object({
  create: z.number(),
  adopt: z.number(),
  update: z.number(),
  delete: z.number(),
  unchanged: z.number(),
  excluded: z.number(),
  rejected: z.number(),
  leave: z.number().optional().describe("Of update: rows that left the source, and whose records are changed for it"),
  deactivate: z.number().optional().describe("Of leave: records that are deactivated"),
  exit: z.number().optional().describe("Rows, of any kind, that are taken out of an audience"),
  status: z
    .number()
    .optional()
    .describe("Of rejected: rows that are written all the same, in their audience columns or memberships alone"),
  add: z.number().optional().describe("Members put into lists and relationships"),
  remove: z.number().optional().describe("Members taken out of them"),
  parents: z.number().optional().describe("Records made for lookups to point at, besides the rows"),
});
export type PlanCounts = z.infer<typeof planCounts>;

/**
 * What a run did. received = created + updated + deleted + unchanged + excluded + rejected + failed, always.
 * `writes` are rows written in the destination (a deleted row whose record had gone with another is none), `requests` all HTTP requests sent to it.
 */
export const runCounts = z.object({
  received: z.number(),
  created: z.number(),
  updated: z.number(),
  deleted: z.number(),
  unchanged: z.number(),
  excluded: z.number(),
  rejected: z.number(),
  failed: z.number(),
  /** Records made for lookups to point at: of no received row. Counted in `writes`. */
  parents: z.number().optional(),
  writes: z.number(),
  requests: z.number(),
  seconds: z.number(),
});
export type RunCounts = z.infer<typeof runCounts>;

/** What sending a plan would cost. */
export const forecast = z.object({
  waves: z.array(z.object({ wave: z.string(), rows: z.number(), requests: z.number() })),
  refresh: z.number().describe("Requests that reading the destination took before the plan stood"),
  readfirst: z
    .number()
    .describe(
      "Requests to read records just before they are deleted, put to rest or woken, or, with `concurrency: strict`, changed",
    ),
  readback: z.number().describe("Requests to read back what was written"),
  requests: z.number().describe("All requests, the refresh included"),
  counted: z.number().describe("What counts against the daily entitlement: each written row, and each other request"),
  daily: z.number().nullable().describe("The entitlement, where the connection says it (`dailyRequests`)"),
  share: z.number().nullable().describe("counted / daily"),
  seconds: z.number().nullable().describe("Time to send and read back, by the run `measured`; null: no measure yet"),
  measured: z.string().nullable(),
  logic: expectedLogic.describe("What the destination would do by itself"),
});
export type Forecast = z.infer<typeof forecast>;

/** What sending took in a run: rows, requests that wrote, and seconds, what was read before and after included in these alone. */
export type Measured = { rows: number; requests: number; seconds: number };

/** One planned change of one column, for people. Values are canonical text; null is empty. */
export const sampleChange = z.object({
  key: z.string(),
  op: z.string(),
  id: z.string().nullable(),
  columns: z.array(z.object({ name: z.string(), old: z.string().nullable(), new: z.string().nullable() })),
});
export type SampleChange = z.infer<typeof sampleChange>;

export const changeKind = z
  .enum(["create", "adopt", "update", "status", "leave", "delete", "add", "remove", "parent"])
  .describe("`add` and `remove` are of members; `parent` is made for a lookup");

/**
 * One change of a plan or a run. A record that is written in several waves has one in each. One that is deleted has the columns
 * that we write, as far as they hold anything.
 */
export const plannedChange = z.object({
  key: z.string(),
  kind: changeKind,
  id: z.string().nullable().describe("Of the record; null where the destination gives it"),
  columns: z.array(
    z.object({
      column: z.string().nullable(),
      old: z.string().nullable().describe("Canonical text; null is empty"),
      new: z.string().nullable(),
      reason: z.string().describe("Why it is written, such as: source changed"),
    }),
  ),
});
export type ChangeKind = z.infer<typeof changeKind>;
export type PlannedChange = z.infer<typeof plannedChange>;

export const changeFormat = z.enum(["text", "json", "csv", "parquet"]);
export type ChangeFormat = z.infer<typeof changeFormat>;

/** A row that was not sent, and why. `wake`: what must happen before it is tried again. */
export const rejectedRow = z.object({
  key: z.string(),
  status: z.enum(["rejected", "excluded", "failed"]),
  code: z.string(),
  column: z.string().nullable(),
  cause: z.string().nullable().describe("The destination's own code, where it refused the row"),
  message: z.string(),
  wake: z.string(),
  again: z.string().describe("When it is tried again, in words that follow 'tried again'"),
});
export type RejectedRow = z.infer<typeof rejectedRow>;

/** Rows that were not sent, by what is wrong with them: the sum of all groups' rows is the count of such rows. */
export const problemGroup = z.object({
  status: rejectedRow.shape.status,
  code: z.string(),
  column: z.string().nullable(),
  cause: rejectedRow.shape.cause,
  rows: z.number(),
  example: z.string().describe("The message of one of the rows"),
  remedy: z.string().optional().describe("What to do about `cause`, where that is known"),
  keys: z.array(z.string()).describe("A few of their keys"),
  again: z.string().describe("When the first of them is tried again, in words that follow 'tried again'"),
});
export type ProblemGroup = z.infer<typeof problemGroup>;

export const resolutions = ["retry", "restart", "skip"] as const;

/** What a person decided about a run, who and when (ISO 8601), and the run that followed from it. */
export const resolution = z.object({ how: z.enum(resolutions), by: z.string(), at: z.string(), run: z.string() });
export type Resolution = z.infer<typeof resolution>;

/** What a rebuild found. received = linked + differ + missing + excluded + rejected. */
export const rebuildReport = z.object({
  aside: z.string().nullable().describe("Where the file is now that was there before"),
  received: z.number(),
  linked: z.number().describe("Rows whose record holds all that they want: linked and agreed on"),
  differ: z.number().describe("Rows whose record holds something else: the next run takes them over by `firstContact`"),
  missing: z.number().describe("Rows without a record: the next run makes it"),
  excluded: z.number(),
  rejected: z.number(),
  unknown: z.array(z.string()).describe("What cannot be told any more"),
  problems: z.array(problemGroup),
});
export type RebuildReport = z.infer<typeof rebuildReport>;
