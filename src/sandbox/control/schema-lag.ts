import { z } from "zod";
import { schemaLag } from "../dataverse/schema-lag.ts";
import { bodyOf, type ControlOperations } from "./operation.ts";

const LAG = z.strictObject({
  ms: z.number().min(0).max(86_400_000),
  metadata: z.boolean().default(true),
  rows: z.boolean().default(false),
});

export const SCHEMA_LAG: ControlOperations = {
  "POST metadata-lag": {
    does: "Changes of the schema are seen so many `ms` of the clock later by who reads metadata (`metadata`, on at first) and by who reads and writes rows (`rows`, off at first); `Consistency: Strong` sees them at once. 0 ends it",
    source: "dataverse.md section 1",
    handle(controlled, request) {
      const environment = controlled.environment();
      const settings = bodyOf(request, LAG);
      if (settings.ms === 0) delete environment.schemaLag;
      else environment.schemaLag = schemaLag(environment, settings);
    },
  },
};
