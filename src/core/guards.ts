import { z } from "zod";
import type { ErrorCode } from "./catalogue.ts";
import { wholeText } from "./whole-text.ts";

/** What can stand against sending a plan until a person approves it; also the codes of the errors a run then ends with. */
export const guardCodes = [
  "source_empty",
  "audience_empty",
  "too_many_leaves",
  "too_many_deletes",
  "too_many_changes",
  "first_contact",
  "request_budget",
  "undone",
] as const satisfies readonly ErrorCode[];
export type GuardCode = (typeof guardCodes)[number];

/** A guard that stands against a plan, with the figures. */
export const standingGuard = z.object({ code: z.enum(guardCodes), message: z.string(), remedy: z.string() });
export type StandingGuard = z.infer<typeof standingGuard>;

/** Who decides something, as every database can keep it. */
export const who = z.string().overwrite(wholeText);

/**
 * The run that was taken back, when (ISO 8601), and by whom: kept in the state until a run of all rows is approved with `undone`.
 * `more`: it is the last of several.
 */
export const undoneMark = z.object({ run: z.string(), at: z.string(), by: z.string(), more: z.boolean().optional() });
export type UndoneMark = z.infer<typeof undoneMark>;

/** What a person approved for one run: who and when (ISO 8601). */
export const approval = z.object({ codes: z.array(z.enum(guardCodes)), by: who, at: z.string() });
export type Approval = z.infer<typeof approval>;
