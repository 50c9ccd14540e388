import { z } from "zod";
import { verifyReport } from "../core/verify.ts";
import { operation } from "./operation.ts";
import { syncsRequest } from "./syncs.ts";

const verified = verifyReport.extend({ sync: z.string(), run: z.string(), object: z.string() });

export const verify = operation({
  method: "POST",
  path: "/api/syncs/verify",
  summary: "Read linked records again and report every row that differs",
  request: syncsRequest
    .extend({
      sample: z.int().min(1).optional().describe("Only so many linked records of each sync, picked by chance"),
      full: z.boolean().default(false).describe("The whole table: also records of no row, and duplicates"),
      out: z.string().optional().describe("A file to write all differences to: .csv, .json or .parquet"),
    })
    .refine((request) => request.sample === undefined || !request.full, { message: "say either sample or full" }),
  response: z.object({
    environment: z.string(),
    checked: z.number(),
    differences: z.number(),
    duplicates: z.number(),
    syncs: z.array(verified),
    file: z.object({ path: z.string(), rows: z.number() }).nullable(),
  }),
});
