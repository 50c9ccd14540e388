import { z } from "zod";
import { changeFormat, changeKind, plannedChange } from "../core/run.ts";
import { operation } from "./operation.ts";

const words = z.array(z.string()).min(1).optional();

/** Every change of one plan or run, by its id: the first ones in the answer, or all of them told or written to a file. */
export const changes = operation({
  method: "GET",
  path: "/api/changes",
  summary: "Show or export what a plan or a run changes, column by column, old, new and why",
  request: z.object({
    run: z.string(),
    kinds: z.array(changeKind).min(1).optional().describe("Only changes of these kinds"),
    keys: words.describe("Only changes of these rows"),
    columns: words.describe("Only these columns"),
    limit: z.number().int().min(0).max(100_000).default(1000).describe("Of the changes in the answer"),
    format: changeFormat.optional().describe("Of what is told or written; that of the file's ending, or text"),
    out: z.string().optional().describe("A file to write all of them to"),
  }),
  response: z.object({
    environment: z.string(),
    sync: z.string(),
    run: z.string(),
    object: z.string(),
    total: z.number().describe("How many changes there are; a record that is written in several waves has several"),
    changes: z.array(plannedChange),
    file: z.string().nullable(),
  }),
});
