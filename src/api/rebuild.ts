import { z } from "zod";
import { rebuildReport } from "../core/run.ts";
import { operation } from "./operation.ts";

/** After a lost or damaged state file. */
export const rebuild = operation({
  method: "POST",
  path: "/api/syncs/:sync/rebuild",
  summary: "Make a sync's state anew from its source and the destination, and send nothing",
  request: z.object({
    sync: z.string(),
    force: z.boolean().default(false).describe("Even where the state is whole, or is another organisation's"),
  }),
  response: rebuildReport.extend({ environment: z.string(), sync: z.string(), run: z.string(), object: z.string() }),
});
