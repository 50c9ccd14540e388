import { z } from "zod";
import { bodyOf, type ControlOperations, Refused } from "./operation.ts";

const TRACKING = z
  .strictObject({
    expire: z.boolean().optional(),
    expired: z.enum(["error", "all rows"]).optional(),
    table: z.string().optional(),
    enabled: z.boolean().optional(),
  })
  .refine((given) => (given.table === undefined) === (given.enabled === undefined), {
    error: "'table' and 'enabled' go together",
  });

export const CHANGE_TRACKING: ControlOperations = {
  "POST change-tracking": {
    does: "Ages every token given out so far (`expire`), says how such tokens are treated (`expired`), or switches tracking of a table",
    source: "dataverse.md section 10",
    handle(controlled, request) {
      const environment = controlled.environment();
      const { expire, expired, table: name, enabled } = bodyOf(request, TRACKING);
      const table = name === undefined ? undefined : environment.tables.get(name);
      if (name !== undefined && !table) throw new Refused("'table' must be the logical name of a table");
      if (expired !== undefined) environment.expiredTokens = expired;
      if (expire) environment.oldestToken = ++environment.version;
      if (table) {
        table.tracking = enabled!;
        environment.metadataVersion++;
      }
    },
  },
};
