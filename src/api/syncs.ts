import { z } from "zod";
import { approval, standingGuard } from "../core/guards.ts";
import { forecast, mirror, planCounts, problemGroup, runCounts, sampleChange } from "../core/run.ts";
import { operation } from "./operation.ts";

/** No names: every sync of the project. They always run parents first, whatever order they are named in. */
export const syncsRequest = z.object({ syncs: z.array(z.string()).default([]) });

const planned = z.object({
  sync: z.string(),
  run: z.string(),
  object: z.string(),
  received: z.number(),
  plan: planCounts,
  forecast: forecast.describe("What a run would cost"),
  samples: z.array(sampleChange),
  problems: z.array(problemGroup),
  mirror: mirror.describe("What was read of the destination, and what that cannot see"),
  warnings: z
    .array(z.string())
    .describe("What has changed in the destination's schema since the last run, and keys that do not guard"),
  stops: z.array(standingGuard).describe("Guards that a run would stop at, until a person approves them for that run"),
  seconds: z.number(),
});

export const plan = operation({
  method: "POST",
  path: "/api/syncs/plan",
  summary: "Compute the exact changes a run would make, and send nothing",
  request: syncsRequest,
  response: z.object({
    environment: z.string(),
    plans: z.array(planned),
    totals: planCounts.extend({ received: z.number() }),
  }),
});

const ran = z.object({
  sync: z.string(),
  run: z.string(),
  object: z.string(),
  status: z.enum(["finished", "failed", "interrupted", "paused"]),
  counts: runCounts,
  plan: planCounts,
  problems: z.array(problemGroup),
  mirror: mirror.describe("What was read of the destination, and what that cannot see"),
  warnings: z
    .array(z.string())
    .describe("What has changed in the destination's schema since the last run, and keys that do not guard"),
  approved: z.array(standingGuard).describe("Guards that stood against it and were let pass"),
});

export const run = operation({
  method: "POST",
  path: "/api/syncs/run",
  summary: "Plan, deliver, read back and settle",
  request: syncsRequest.extend({
    approve: approval
      .omit({ at: true })
      .optional()
      .describe("The guards that a person lets pass in this run of one sync, and who that is"),
    plan: z.string().optional().describe("Send what this plan has, and nothing else, as far as it has not moved"),
    maxMoved: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("The share of the plan's rows that may be left out because they moved; 0.01 unless said"),
    maxWait: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Seconds to stand still when the destination asks for it; a longer wait ends the run, an hour unless said",
      ),
  }),
  response: z.object({ environment: z.string(), runs: z.array(ran), totals: runCounts }),
});
