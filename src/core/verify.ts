import { z } from "zod";

/** Which records are read again: all that are linked, some of them, or the whole table. */
export const verifyWay = z.enum(["linked", "sample", "full"]);
export type VerifyWay = z.infer<typeof verifyWay>;

/**
 * What does not agree. differs: a column. gone: a linked record is not there. no_member: a record is not in what its
 * audience fills. duplicate: a record goes by the match value of a linked one. unlinked: a record of no row of ours,
 * which is no fault.
 */
export const verifyKind = z.enum(["differs", "gone", "no_member", "duplicate", "unlinked"]);

/** `expected`, `found`: canonical text; null is empty. `key` is null where the record belongs to no row. */
export const difference = z.object({
  kind: verifyKind,
  key: z.string().nullable(),
  id: z.string(),
  column: z.string(),
  expected: z.string().nullable(),
  found: z.string().nullable(),
});

const bothSides = <Value extends z.ZodType>(value: Value) => z.object({ here: value, there: value });

export const verifyReport = z.object({
  way: verifyWay,
  linked: z.number().describe("Rows that have a record"),
  checked: z.number().describe("Of these, how many were compared"),
  differences: z.number().describe("Rows that differ in a column, whose record is gone, or that are no member"),
  rows: z.array(difference).describe("The first of them, and of duplicates"),
  columns: z
    .array(
      z.object({
        column: z.string(),
        differ: z.number(),
        filled: bothSides(z.number()).describe("How many hold something"),
        sum: bothSides(z.string().nullable()).nullable().describe("Of numbers and money; null for other types"),
      }),
    )
    .describe("What we hold to be there, and what is"),
  audiences: z.array(
    z.object({
      audience: z.string(),
      into: z.string(),
      here: z.number().describe("Rows of the audience in the source now"),
      sent: z.number().describe("Rows that we hold to be in it there"),
      there: z.number().nullable().describe("Records in it there; null where a sample cannot tell"),
    }),
  ),
  table: z
    .object({
      records: z.number(),
      unlinked: z.number().describe("Records of no row of ours"),
      duplicates: z.number().describe("Records that share their match value with a linked one, and these"),
    })
    .nullable()
    .describe("Of the whole table, where it was read"),
  notCovered: z.object({
    rows: z.number().describe("Rows of the source that have no record: rejected, waiting or never run"),
    columns: z.array(z.string()).describe("Mapped columns without an agreed value yet, or that cannot be compared"),
    unmapped: z.array(z.string()).describe("Columns of the table that the sync does not write"),
  }),
});
export type VerifyReport = z.infer<typeof verifyReport>;
