import { z } from "zod";
import { PRIVILEGES } from "../dataverse/security/catalogue.ts";
import { APP_STATES } from "../entra/directory.ts";
import { bodyOf, type ControlOperations, listOf, Refused } from "./operation.ts";

const SWITCH = z.strictObject({ table: z.string(), privilege: z.enum(PRIVILEGES), allowed: z.boolean() });
const STATE = z.strictObject({ state: z.enum(APP_STATES) });

/** What the application may do. */
export const ACCESS: ControlOperations = {
  "POST privileges": {
    does: "Takes one privilege on one table away, or gives it back; or a list of such",
    source: "dataverse.md section 2",
    handle(controlled, request) {
      const { tables, denied } = controlled.environment();
      const switches = listOf(request, SWITCH);
      for (const { table } of switches) {
        if (!tables.has(table)) throw new Refused(`'table' must be the logical name of a table, not '${table}'`);
      }
      for (const { table, privilege, allowed } of switches) {
        if (allowed) denied.delete(`${privilege} ${table}`);
        else denied.add(`${privilege} ${table}`);
      }
    },
  },
  "DELETE privileges": {
    does: "Gives every privilege back",
    handle: (controlled) => controlled.environment().denied.clear(),
  },
  "POST app": {
    does: "Sets what is wrong with the app registration or its application user",
    source: "dataverse.md section 2",
    handle: (controlled, request) => controlled.app.set(bodyOf(request, STATE).state),
  },
};
