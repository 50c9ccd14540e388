import { z } from "zod";
import { who } from "../core/guards.ts";
import { resolution, resolutions } from "../core/run.ts";
import { operation } from "./operation.ts";
import { run } from "./syncs.ts";

/** Says what becomes of a run that failed, was interrupted, or left rows that wait. A run follows, whose result this is. */
export const resolve = operation({
  method: "POST",
  path: "/api/runs/:run/resolve",
  summary: "Resolve a run: its plan again, the present configuration, or accept its undelivered rows as they are",
  request: z.object({
    run: z.string(),
    how: z.enum(resolutions),
    by: who.describe("Who decides it"),
    approve: run.request.shape.approve,
    maxWait: run.request.shape.maxWait,
  }),
  response: run.response.extend({ resolution }),
});
