import { z } from "zod";
import { who } from "../core/guards.ts";
import { planCounts, problemGroup, runCounts, sampleChange } from "../core/run.ts";
import { operation } from "./operation.ts";

/** Takes back what a run, or an undo, wrote, where it still is what that wrote. */
export const undo = operation({
  method: "POST",
  path: "/api/runs/:run/undo",
  summary: "Take a run back, or show what that would do",
  request: z.object({
    run: z.string(),
    deleteCreated: z
      .boolean()
      .default(false)
      .describe("Delete the records that the run made, instead of deactivating them"),
    dryRun: z.boolean().default(false).describe("Only show it"),
    by: who.describe("Who asks for it; kept with the undo"),
    maxWait: z.int().min(0).optional().describe("Seconds to stand still when the destination asks for it"),
  }),
  response: z.object({
    environment: z.string(),
    sync: z.string(),
    object: z.string(),
    run: z.string().describe("The undo's own run"),
    of: z.string(),
    status: z.enum(["finished", "failed", "interrupted", "paused"]),
    received: z.number().describe("Rows that the run wrote or linked"),
    partly: z
      .number()
      .describe("Rows that count as made anew, taken back or as before, and of which a value stays all the same"),
    plan: planCounts,
    counts: runCounts.nullable().describe("What was done; null where it was only shown"),
    samples: z.array(sampleChange),
    problems: z.array(problemGroup).describe("Every value that stays, by the reason, and rows that Dynamics refused"),
    warnings: z.array(z.string()),
    stops: z.boolean().describe("The sync's next run stops at the guard `undone`, until a person approves it"),
  }),
});
