import { z } from "zod";

export const triggerKinds = ["plug-in step", "workflow", "flow"] as const;

const op = z.enum(["create", "update", "delete", "add", "remove"]);

/** What the destination does by itself (`Logic` of the connector), as a plan tells it: what really runs for its rows. */
export const expectedLogic = z.object({
  runs: z
    .array(
      z.object({
        object: z.string(),
        op,
        kind: z.enum(triggerKinds),
        name: z.string(),
        rows: z.number(),
        atMost: z.boolean().describe("It has a filter or scope of its own, and may run for fewer rows"),
        sync: z.boolean().describe("Within the write; otherwise afterwards"),
        leftOut: z.boolean().describe("`bypass` or `suppressFlows` of the connection keeps it from running"),
      }),
    )
    .describe("Plug-in steps, workflows and flows that a run would start, row by row"),
  audit: z
    .array(z.object({ object: z.string(), op, rows: z.number() }))
    .describe("Rows whose change goes into the audit history"),
  unknown: z.array(z.string()).describe("What could not be looked at, a sentence each"),
});
export type ExpectedLogic = z.infer<typeof expectedLogic>;
