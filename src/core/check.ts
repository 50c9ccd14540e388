import { z } from "zod";
import type { MembershipTarget, SyncFile } from "./project.ts";

/**
 * One step of a connection's test. `skipped`: a step it needs has failed, or a job is at it. A failed step, and a warning, tell the cause and
 * what the person who must act does about it.
 */
export const checkStep = z.object({
  step: z.string(),
  status: z.enum(["ok", "warning", "failed", "skipped"]),
  detail: z.string().describe("What was found"),
  cause: z.string().optional(),
  remedy: z.string().optional(),
});
export type CheckStep = z.infer<typeof checkStep>;

/** What a part of the state folder takes on its disk. */
export const partSize = z.object({
  part: z.string(),
  path: z.string().describe("In the state folder; empty for what is left and for all"),
  bytes: z.number().describe("As `du` counts them"),
});
export type PartSize = z.infer<typeof partSize>;

/** One privilege of a security role. `held`: at which depth our user has it; null where it does not. */
export const privilege = z.object({
  name: z.string().describe("Such as prvWriteContact"),
  object: z.string(),
  needed: z.boolean(),
  why: z.string(),
  held: z
    .string()
    .nullable()
    .describe("Basic, Local, Deep or Global; null = missing. Of several application users: that of the one with least"),
  users: z.array(z.string()).optional().describe("Where application users differ: who lacks it, or has it beyond need"),
});
export type Privilege = z.infer<typeof privilege>;

/** What one sync does with a table, as far as its file tells. Names are as they stand there. */
export type Need = {
  object: string;
  creates: boolean;
  updates: boolean;
  deletes: boolean;
  match: string[];
  /** Columns that are written, under names as `columnsNamed` knows them. */
  columns: string[];
  /** What its audiences' rows are put into. */
  memberships: MembershipTarget[];
  /** Lookup column -> its ways: the table each looks in, where the file names it, and whether missing records are made there. */
  lookups: Record<string, { object?: string | undefined; creates: boolean }[]>;
};

/** What a sync needs to be allowed to do. */
export function needOf(sync: SyncFile): Need {
  const lines = Object.entries(sync.mapping);
  const audiences = Object.values(sync.audiences);
  const statuses = audiences.flatMap((to) => ("column" in to ? [to.column] : []));
  return {
    object: sync.object,
    creates: sync.mode !== "update",
    updates: sync.mode !== "create" || statuses.length > 0 || ["clear", "deactivate"].includes(sync.onLeave),
    deletes: sync.onLeave === "delete",
    match: sync.match,
    columns: [...lines.map(([column]) => column), ...statuses],
    memberships: audiences.flatMap((to) => ("column" in to ? [] : [to])),
    lookups: Object.fromEntries(
      lines.flatMap(([column, { lookup }]) =>
        lookup ? [[column, lookup.map(({ object, missing }) => ({ object, creates: missing === "create" }))]] : [],
      ),
    ),
  };
}
