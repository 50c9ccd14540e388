import { z } from "zod";
import { operation } from "./operation.ts";
import { rejectedFilter } from "./rejected.ts";
import { run } from "./syncs.ts";

/** A run that looks at rows that wait, and at no other. Its counts are of these rows. */
export const resend = operation({
  method: "POST",
  path: "/api/syncs/:sync/resend",
  summary: "Try rows that were not sent again now, whatever they wait for",
  request: rejectedFilter.extend({
    sync: z.string(),
    all: z.boolean().default(false).describe("Every row that waits; otherwise a code, a column or keys say which"),
    approve: run.request.shape.approve,
    maxWait: run.request.shape.maxWait,
  }),
  response: run.response,
});
