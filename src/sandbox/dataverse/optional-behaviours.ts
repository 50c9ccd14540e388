import { type Call, header } from "../http/exchange.ts";
import type { Operation } from "../operation.ts";
import type { Environment } from "./environment.ts";
import { errors } from "./errors.ts";
import { GUID } from "./guids.ts";
import { requirePrivilegeByName } from "./records/privileges.ts";
import type { Actor } from "./records/transaction.ts";

const SOURCE = "dataverse.md section 12; optional-parameters.md, bypass-custom-business-logic.md";

export const OPTIONAL_BEHAVIOURS: Operation[] = [
  { name: "MSCRM.SuppressDuplicateDetection", does: "`false` looks for duplicates by published rules", source: SOURCE },
  { name: "MSCRM.BypassBusinessLogicExecution", does: "CustomSync, CustomAsync or both do not run", source: SOURCE },
  { name: "MSCRM.BypassBusinessLogicExecutionStepIds", does: "up to three steps do not run", source: SOURCE },
  { name: "MSCRM.BypassCustomPluginExecution", does: "`true`: no plug-ins; the older form", source: SOURCE },
  {
    name: "MSCRM.SuppressCallbackRegistrationExpanderJob",
    does: "accepted: there are no flows to trigger",
    source: SOURCE,
  },
  { name: "tag", does: "accepted in the URL", source: SOURCE },
];

/** Steps one request may bypass by id. */
const MOST_STEPS = 3;

/**
 * What the optional headers of a call switch on or off. Throws 400 for values that are none of the documented ones, and
 * 403 where bypassing needs a privilege the user lacks.
 */
export function optionalBehaviours(
  call: Call,
  environment: Environment,
  actor: Actor,
): Pick<Actor, "bypassPlugins" | "bypassAsync" | "bypassSteps" | "detectDuplicates"> {
  const logic = bypassedLogic(header(call, "mscrm.bypassbusinesslogicexecution"));
  const steps = bypassedSteps(header(call, "mscrm.bypassbusinesslogicexecutionstepids"));
  const plugins = trueOrFalse(call, "MSCRM.BypassCustomPluginExecution");
  if (logic.size > 0 || steps) requirePrivilegeByName(environment, actor, "prvBypassCustomBusinessLogic");
  if (plugins) requirePrivilegeByName(environment, actor, "prvBypassCustomPlugins");
  return {
    bypassPlugins: plugins === true || logic.has("CustomSync"),
    ...(logic.has("CustomAsync") ? { bypassAsync: true } : {}),
    ...(steps ? { bypassSteps: steps } : {}),
    ...(trueOrFalse(call, "MSCRM.SuppressDuplicateDetection") === false ? { detectDuplicates: true } : {}),
  };
}

function trueOrFalse(call: Call, name: string): boolean | undefined {
  const value = header(call, name.toLowerCase())?.trim().toLowerCase();
  if (value === undefined || value === "") return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw errors.badAddress(`The header '${name}' must be 'true' or 'false', not '${value.slice(0, 100)}'.`);
}

function bypassedLogic(value: string | undefined): Set<string> {
  const kinds = (value ?? "").split(",").map((each) => each.trim());
  const wrong = kinds.find((each) => each !== "" && each !== "CustomSync" && each !== "CustomAsync");
  if (wrong === undefined) return new Set(kinds.filter((each) => each !== ""));
  throw errors.badAddress(
    `The header 'MSCRM.BypassBusinessLogicExecution' must be CustomSync, CustomAsync or both, not '${wrong.slice(0, 100)}'.`,
  );
}

function bypassedSteps(value: string | undefined): Set<string> | undefined {
  if (value === undefined || value.trim() === "") return undefined;
  const ids = value.split(",").map((each) => each.trim().toLowerCase());
  const wrong = ids.find((each) => !GUID.test(each));
  if (wrong === undefined && ids.length <= MOST_STEPS) return new Set(ids);
  throw errors.badAddress(
    `The header 'MSCRM.BypassBusinessLogicExecutionStepIds' must list at most ${MOST_STEPS} ids of steps.`,
  );
}
