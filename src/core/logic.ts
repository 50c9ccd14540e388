import { z } from "zod";
import type { BatchOp, Membership } from "./connector.ts";

export const triggerKinds = ["plug-in step", "workflow", "flow"] as const;

/** Something that the customer has set up to run whenever a row is written in a certain way. */
export type Trigger = {
  kind: (typeof triggerKinds)[number];
  name: string;
  op: BatchOp;
  /** Of add and remove: of this membership alone. */
  into?: Membership;
  /** Of update: only where one of these columns is written. */
  columns?: readonly string[];
  /** It looks at more than that, so that it may run for fewer rows. */
  filtered: boolean;
  /** Within the write, which it slows down and can refuse; otherwise afterwards. */
  sync: boolean;
  /** The connection's own settings keep it from running. */
  leftOut: boolean;
};

/**
 * What the other side does by itself when rows of a table are written. `audited`: columns whose changes are kept in its
 * audit history, as are rows made and deleted; undefined where nothing is audited, or nobody can tell. `unknown`: what
 * could not be looked at, a sentence each.
 */
export type Logic = { triggers: Trigger[]; audited?: ReadonlySet<string>; unknown: string[] };

const op = z.enum(["create", "update", "delete", "add", "remove"]);

/** The same as a plan tells it: of what really runs for its rows. */
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
