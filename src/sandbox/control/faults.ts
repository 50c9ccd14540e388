import type { Environment } from "../dataverse/environment.ts";
import { type FaultRule, faultRule } from "../http/faults.ts";
import { type ControlOperations, listOf, Refused } from "./operation.ts";

export const FAULTS: ControlOperations = {
  "GET faults": {
    does: "The faults in force, with how often each still fires",
    handle: (controlled) => ({ faults: controlled.faults.list() }),
  },
  "POST faults": {
    does: "Adds a fault or a list of them",
    handle(controlled, request) {
      const environment = controlled.environment();
      controlled.faults.add(listOf(request, faultRule).map((rule) => resolved(rule, environment)));
    },
  },
  "DELETE faults": { does: "Removes every fault", handle: (controlled) => controlled.faults.clear() },
  "POST restart": {
    does: "Cuts every connection at once, as a restart of the server does; what is committed stays",
    handle: (controlled) => controlled.restart(),
  },
  "POST tokens/expire": {
    does: "Refuses every token given out so far with 401; moves the clock on by a second",
    source: "dataverse.md section 2",
    handle: (controlled) => controlled.expireTokens(),
  },
};

/** With the set's name for the table of `match`. Throws `Refused` where a rule names a table that is not there. */
function resolved(rule: FaultRule, { tables, sets }: Environment): FaultRule {
  for (const part of [rule.dropColumn, rule.setKey]) {
    if (part && !tables.has(part.table)) throw new Refused(`there is no table '${part.table}'`);
  }
  const named = rule.match?.table;
  if (named === undefined) return rule;
  const set = (tables.get(named) ?? sets.get(named))?.set;
  if (set === undefined) throw new Refused(`'match.table': there is no table '${named}'`);
  return { ...rule, match: { ...rule.match, table: set } };
}
