import { z } from "zod";
import { NAMED_PRIVILEGES, PRIVILEGES } from "../dataverse/security/catalogue.ts";
import { APP_STATES } from "../entra/directory.ts";
import { bodyOf, type ControlOperations, listOf, Refused } from "./operation.ts";

const ON_TABLE = z.strictObject({ table: z.string(), privilege: z.enum(PRIVILEGES), allowed: z.boolean() });
const NAMED = z.strictObject({ privilege: z.enum(NAMED_PRIVILEGES), allowed: z.boolean() });
const SWITCH = z.union([ON_TABLE, NAMED]);
const STATE = z.strictObject({ state: z.enum(APP_STATES) });

/** What the application may do. */
export const ACCESS: ControlOperations = {
  "POST privileges": {
    does: "Takes one privilege (on a table, or by name) away from everybody, or gives it back; or a list of such",
    source: "dataverse.md section 2",
    handle(controlled, request) {
      const { tables, denied } = controlled.environment();
      const switches = listOf(request, SWITCH);
      for (const each of switches) {
        if ("table" in each && !tables.has(each.table)) {
          throw new Refused(`'table' must be the logical name of a table, not '${each.table}'`);
        }
      }
      for (const each of switches) {
        const denial = "table" in each ? `${each.privilege} ${each.table}` : each.privilege;
        if (each.allowed) denied.delete(denial);
        else denied.add(denial);
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
