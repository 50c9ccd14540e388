import { z } from "zod";
import { checkStep, partSize, privilege } from "../core/check.ts";
import { operation } from "./operation.ts";
import { syncsRequest } from "./syncs.ts";

/** Looks at syncs without running them: their connections, what has changed in their tables, their state, and the history. */
export const doctor = operation({
  method: "POST",
  path: "/api/syncs/doctor",
  summary: "Say what stands in the way of syncs: connection, changed tables, state, history",
  request: syncsRequest.extend({
    repair: z
      .boolean()
      .default(false)
      .describe("Remove what is kept no longer and what dead processes left, and compact the state"),
  }),
  response: z.object({
    environment: z.string(),
    connections: z.array(z.object({ connection: z.string(), steps: z.array(checkStep) })),
    syncs: z.array(z.object({ sync: z.string(), steps: z.array(checkStep) })),
    history: z.array(checkStep).describe("Whether the history of runs can be read"),
    sizes: z.array(partSize).describe("What the state folder takes on its disk, part by part, and last all of it"),
    failed: z.number().describe("Steps that failed"),
    warnings: z.number(),
  }),
});

/** The security role one sync takes, compared with what its application user has. */
export const role = operation({
  method: "GET",
  path: "/api/syncs/:sync/role",
  summary: "List the least privileges a sync needs, those missing, and those beyond need",
  request: z.object({ sync: z.string() }),
  response: z.object({
    environment: z.string(),
    sync: z.string(),
    connection: z.string(),
    privileges: z.array(privilege),
    missing: z.number(),
    beyond: z.number(),
  }),
});
