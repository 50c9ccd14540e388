import type { BatchOp, Logic, Membership, Trigger } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Answers } from "./kept.ts";
import {
  memberMessages,
  namesIn,
  readAudited,
  readFlows,
  readSteps,
  readWorkflows,
  type Step,
  writeMessages,
} from "./logic-answers.ts";
import { isList } from "./member-parts.ts";

/**
 * Everything registered on a table that our writes would start, and what of it the connection leaves out: custom plug-in
 * steps and webhooks, classic workflows, cloud flows by their callback registrations, and auditing. What Microsoft
 * registers itself and hides is left aside. Five requests, one more where flows have names; kept with the schema. What may
 * not be looked at is told in `unknown`.
 * Sources: bypass-custom-business-logic.md, bypass-power-automate-flows.md, auditing/configure.md.
 */
export async function readLogic(
  answers: Answers,
  object: ObjectSchema,
  memberships: readonly Membership[],
  { bypass = [], suppressFlows = false }: Behaviour,
  signal: AbortSignal,
): Promise<Logic> {
  const unknown: string[] = [];
  const seen = async <T>(what: string, work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || signal.aborted) throw thrown;
      unknown.push(`${what} of ${object.name} could not be looked at. ${thrown.message}`);
      return undefined;
    }
  };
  const [steps, workflows, flows, audited] = await Promise.all([
    seen("Plug-in steps", readSteps(answers, object.name, signal)),
    seen("Workflows", readWorkflows(answers, object.name, signal)),
    seen("Flows", readFlows(answers, object.name, signal)),
    seen("Audit settings", readAudited(answers, object.name, signal)),
  ]);
  const leftOut = (sync: boolean) => bypass.includes(sync ? "customSync" : "customAsync");
  const triggers = [
    ...(steps ?? []).flatMap((step) => ofStep(step, object, memberships)),
    ...(workflows ?? []).flatMap(ofWorkflow),
  ].map((one) => ({ ...one, leftOut: leftOut(one.sync) }));
  const started = (flows ?? []).flatMap(ofFlow).map((one) => ({ ...one, leftOut: suppressFlows }));
  return { triggers: [...triggers, ...started], ...(audited && { audited }), unknown: unknown.sort() };
}

type Found = Omit<Trigger, "leftOut">;

/** Pure: what a registered step runs for. A step without a table is of every table. */
export function ofStep(step: Step, object: ObjectSchema, memberships: readonly Membership[]): Found[] {
  const { name, sync, message, table, columns } = step;
  const one = { kind: "plug-in step" as const, name, sync, filtered: false };
  const op = writeMessages[message];
  if (op !== undefined) {
    if (table !== undefined && table !== object.name) return [];
    return [{ ...one, op, ...(op === "update" && columns && { columns }) }];
  }
  const member = memberMessages[message];
  if (!member) return [];
  return memberships
    .filter((into) => isList(into) === member.list && [undefined, object.name, into.object].includes(table))
    .map((into) => ({ ...one, op: member.op, into, filtered: member.all === true }));
}

const organisationScope = 4;

/** Pure: what a classic workflow runs for. One of less than the organisation's scope minds who owns the row. */
export function ofWorkflow(workflow: Awaited<ReturnType<typeof readWorkflows>>[number]): Found[] {
  const { name, mode, scope, triggeroncreate, triggerondelete, triggeronupdateattributelist: list } = workflow;
  const one = { kind: "workflow" as const, name, sync: mode === 1, filtered: scope !== organisationScope };
  return [
    ...(triggeroncreate ? [{ ...one, op: "create" as const }] : []),
    ...(list ? [{ ...one, op: "update" as const, columns: namesIn(list) }] : []),
    ...(triggerondelete ? [{ ...one, op: "delete" as const }] : []),
  ];
}

/** The changes that start a flow, by `message` of its callback registration. */
const flowMessages: Record<number, BatchOp[]> = {
  1: ["create"],
  2: ["delete"],
  3: ["update"],
  4: ["create", "update"],
  5: ["create", "delete"],
  6: ["update", "delete"],
  7: ["create", "update", "delete"],
};

/** Pure: what a cloud flow runs for; always after the write. */
export function ofFlow(flow: Awaited<ReturnType<typeof readFlows>>[number]): Found[] {
  const { name, message, scope, filteringattributes: list, filterexpression } = flow;
  const filtered = scope !== organisationScope || Boolean(filterexpression);
  return (flowMessages[message] ?? []).map((op) => ({
    ...{ kind: "flow" as const, name, op, sync: false, filtered },
    ...(op === "update" && list && { columns: namesIn(list) }),
  }));
}
