import { z } from "zod";
import { approval } from "../core/guards.ts";
import { planCounts, resolution, runCounts } from "../core/run.ts";
import { operation } from "./operation.ts";

const runRecord = z.object({
  id: z.string(),
  environment: z.string(),
  sync: z.string(),
  kind: z.enum(["plan", "run", "verify", "undo", "rebuild"]),
  status: z.enum(["running", "finished", "failed", "interrupted", "paused"]),
  started: z.string().describe("ISO 8601"),
  finished: z.string().nullable(),
  counts: runCounts.nullable(),
  plan: planCounts.nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  approval: approval.nullable().describe("The guards a person let pass in it"),
  resolution: resolution.nullable().describe("What a person decided about it afterwards"),
});

/** The newest first. */
export const runs = operation({
  method: "GET",
  path: "/api/runs",
  summary: "List what was planned, run, verified, undone and rebuilt",
  request: z.object({ sync: z.string().optional(), limit: z.number().int().min(1).max(1000).default(20) }),
  response: z.object({ runs: z.array(runRecord) }),
});
