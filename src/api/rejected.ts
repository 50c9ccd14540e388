import { z } from "zod";
import { rejectedRow } from "../core/run.ts";
import { operation } from "./operation.ts";

/** The rows of each sync's latest run (or of the run named) that were not sent, and why. */
export const rejected = operation({
  method: "GET",
  path: "/api/rejected",
  summary: "List the rows that were not sent, with the reason",
  request: z.object({
    syncs: z.array(z.string()).default([]),
    run: z.string().optional(),
    limit: z.number().int().min(1).max(1_000_000).default(1000),
  }),
  response: z.object({
    runs: z.array(z.object({ sync: z.string(), run: z.string() })),
    rows: z.array(rejectedRow.extend({ sync: z.string(), run: z.string() })),
  }),
});
