import { z } from "zod";
import { problemGroup, rejectedRow } from "../core/run.ts";
import { operation } from "./operation.ts";

const ofRun = { sync: z.string(), run: z.string() };

/** Which of the rows that were not sent; what is left out selects nothing. */
export const rejectedFilter = z.object({
  code: z.string().optional().describe("The reason's code, or that of the destination's refusal"),
  column: z.string().optional(),
  keys: z.array(z.string()).min(1).optional(),
});

const replay = z.object({
  ...ofRun,
  key: z.string(),
  status: rejectedRow.shape.status,
  code: z.string(),
  cause: problemGroup.shape.cause,
  message: z.string().nullable().describe("Null beside masked values, since it may repeat them"),
  curl: z
    .string()
    .nullable()
    .describe(
      "A command for `sh` that sends the row as Sluice does, with the token of the variable TOKEN; null: nothing of the row was sent",
    ),
});

/** The rows that were not sent, and why: of each sync's latest run, or of the runs named. */
export const rejected = operation({
  method: "GET",
  path: "/api/rejected",
  summary: "Tell which rows were not sent, by cause or one by one, with remedy and when each is tried again",
  request: rejectedFilter.extend({
    of: z.array(z.string()).default([]).describe("Syncs, for their latest runs, and runs; every sync, if none"),
    rows: z.boolean().default(false).describe("The rows instead of the causes"),
    curl: z.boolean().default(false).describe("The request of each row named by `keys`, as a command"),
    showValues: z.boolean().default(false).describe("In these, the values as they are sent; masked otherwise"),
    limit: z.number().int().min(1).max(1_000_000).default(1000).describe("Of rows"),
    out: z.string().optional().describe("A file to write all rows to: .csv, .json or .parquet"),
  }),
  response: z.object({
    runs: z.array(z.object(ofRun)),
    groups: z.array(problemGroup.extend(ofRun)),
    rows: z.array(rejectedRow.extend(ofRun)),
    requests: z.array(replay),
    file: z.object({ path: z.string(), rows: z.number() }).nullable(),
  }),
});
