import { z } from "zod";
import { operation } from "./operation.ts";

/** Reads the project and its sources, contacts no destination. Fails with every fault found. */
export const validate = operation({
  method: "POST",
  path: "/api/project/validate",
  summary: "Check the project's files and that its sources have the columns it names",
  request: z.object({}),
  response: z.object({
    project: z.string(),
    environment: z.string(),
    connections: z.number(),
    models: z.number(),
    audiences: z.number(),
    syncs: z.number(),
    order: z.array(z.string()).describe("The syncs, in the order they run as far as the files tell"),
  }),
});
