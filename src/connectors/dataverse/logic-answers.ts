import { z } from "zod";
import type { BatchOp } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { list } from "./answers.ts";
import type { Answers } from "./kept.ts";

/** What is asked about the logic on a table: one request each, in the form the answer is checked for. */

/** Single and bulk messages run each other's steps (use-createmultiple-updatemultiple.md, "Message pipelines merged"). */
export const writeMessages: Record<string, BatchOp> = {
  Create: "create",
  CreateMultiple: "create",
  Update: "update",
  UpdateMultiple: "update",
  Delete: "delete",
};

/** `list`: an action of a marketing list (its table reference); `all`: it takes many rows at once, and runs but once. */
export const memberMessages: Record<string, { op: "add" | "remove"; list: boolean; all?: true }> = {
  Associate: { op: "add", list: false },
  Disassociate: { op: "remove", list: false },
  AddMemberList: { op: "add", list: true },
  AddListMembersList: { op: "add", list: true, all: true },
  RemoveMemberList: { op: "remove", list: true },
};

export const namesIn = (list: string): string[] => list.split(",").map((name) => name.trim().toLowerCase());

/** `table` and `columns`: all, where it says none. */
export type Step = { name: string; sync: boolean; message: string; table?: string; columns?: string[] };

const step = z.object({
  name: z.string().nullish(),
  mode: z.number(),
  filteringattributes: z.string().nullish(),
  sdkmessageid: z.object({ name: z.string() }),
  sdkmessagefilterid: z.object({ primaryobjecttypecode: z.string().nullish() }).nullish(),
});

/** Steps that are switched on, shown, and registered by somebody: the system's own have another customization level. */
export async function readSteps(answers: Answers, object: string, signal: AbortSignal): Promise<Step[]> {
  const messages = [...Object.keys(writeMessages), ...Object.keys(memberMessages)];
  const filter = [
    "statecode eq 0 and customizationlevel eq 1 and ishidden/Value eq false",
    `(${messages.map((name) => `sdkmessageid/name eq '${name}'`).join(" or ")})`,
  ].join(" and ");
  const path = `sdkmessageprocessingsteps?$select=name,mode,filteringattributes&$expand=sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)&$filter=${encodeURIComponent(filter)}`;
  const { value } = await answers.get({ path, doing: "list the plug-in steps" }, list(step), signal);
  return value.flatMap(({ name, mode, filteringattributes, sdkmessageid, sdkmessagefilterid }) => {
    const code = sdkmessagefilterid?.primaryobjecttypecode ?? "none";
    const of = {
      name: name ?? "(without a name)",
      sync: mode === 0,
      message: sdkmessageid.name,
      ...(code !== "none" && { table: code }),
      ...(filteringattributes && { columns: namesIn(filteringattributes) }),
    };
    return of.message in memberMessages || code === "none" || code === object ? [of] : [];
  });
}

const workflow = z.object({
  name: z.string(),
  mode: z.number().nullish(),
  scope: z.number().nullish(),
  triggeroncreate: z.boolean().nullish(),
  triggerondelete: z.boolean().nullish(),
  triggeronupdateattributelist: z.string().nullish(),
});

/** Classic workflows that are switched on: their definitions, for each has a copy of type activation beside it. */
export async function readWorkflows(answers: Answers, object: string, signal: AbortSignal) {
  const filter = `category eq 0 and type eq 1 and statecode eq 1 and primaryentity eq '${object}'`;
  const path = `workflows?$select=${Object.keys(workflow.shape).join(",")}&$filter=${encodeURIComponent(filter)}`;
  return (await answers.get({ path, doing: `list the workflows of ${object}` }, list(workflow), signal)).value;
}

const formatted = "OData.Community.Display.V1.FormattedValue";
const registration = z.object({
  name: z.string(),
  message: z.number(),
  scope: z.number().nullish(),
  filteringattributes: z.string().nullish(),
  filterexpression: z.string().nullish(),
  [`_ownerid_value@${formatted}`]: z.string().nullish(),
});
const named = z.object({ workflowid: z.string(), resourceid: z.string().nullish(), name: z.string() });
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Ids asked for in one address. */
const idsAtOnce = 100;

/**
 * Callback registrations of the table, each of which is the trigger of a flow that is switched on. Its `name` may be the
 * flow's id, under which its process has the name that people know; where it is not, its owner stands for it.
 */
export async function readFlows(answers: Answers, object: string, signal: AbortSignal) {
  const columns = "name,message,scope,filteringattributes,filterexpression,_ownerid_value";
  const filter = encodeURIComponent(`softdeletestatus eq 0 and entityname eq '${object}'`);
  const path = `callbackregistrations?$select=${columns}&$filter=${filter}`;
  const headers = { prefer: `odata.include-annotations="${formatted}"` };
  const call = { path, headers, doing: `list what flows ${object} triggers` };
  const { value } = await answers.get(call, list(registration), signal);
  const ids = [...new Set(value.map(({ name }) => name.toLowerCase()).filter((name) => guid.test(name)))].sort();
  const names = new Map<string, string>();
  for (let from = 0; from < ids.length; from += idsAtOnce)
    for (const [id, name] of await flowNames(answers, ids.slice(from, from + idsAtOnce), signal)) names.set(id, name);
  return value.map((flow) => {
    const owner = flow[`_ownerid_value@${formatted}`];
    const unnamed = `${flow.name}${owner ? `, owned by ${owner}` : ""}`;
    return { ...flow, name: names.get(flow.name.toLowerCase()) ?? unnamed };
  });
}

async function flowNames(answers: Answers, ids: string[], signal: AbortSignal): Promise<[string, string][]> {
  const filter = ids.map((id) => `workflowid eq ${id} or resourceid eq ${id}`).join(" or ");
  const path = `workflows?$select=name,resourceid&$filter=${encodeURIComponent(`category eq 5 and (${filter})`)}`;
  const call = { path, doing: "ask for the names of flows" };
  const { value } = await answers.get(call, list(named), signal).catch((thrown: unknown) => {
    // Their ids and owners tell enough, and that processes may not be read is told of the workflows.
    if (thrown instanceof SluiceError && !signal.aborted) return { value: [] };
    throw thrown;
  });
  return value.flatMap(({ workflowid, resourceid, name }): [string, string][] =>
    [workflowid, ...(resourceid ? [resourceid] : [])].map((id) => [id.toLowerCase(), name]),
  );
}

const managed = z.object({ Value: z.boolean() }).nullish();
const definition = z.object({
  IsAuditEnabled: managed,
  Attributes: z.array(z.object({ LogicalName: z.string(), IsAuditEnabled: managed })),
});
const organisation = z.object({ isauditenabled: z.boolean().nullish() });

/** The columns whose changes are audited; undefined where the organisation or the table is not. */
export async function readAudited(
  answers: Answers,
  object: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  const path = `EntityDefinitions(LogicalName='${object}')?$select=IsAuditEnabled&$expand=Attributes($select=LogicalName,IsAuditEnabled)`;
  const doing = `see whether ${object} is audited`;
  const [{ value }, { IsAuditEnabled, Attributes }] = await Promise.all([
    answers.get({ path: "organizations?$select=isauditenabled", doing }, list(organisation), signal),
    answers.get({ path, doing }, definition, signal),
  ]);
  if (value[0]?.isauditenabled !== true || IsAuditEnabled?.Value !== true) return undefined;
  return new Set(Attributes.filter((a) => a.IsAuditEnabled?.Value === true).map((a) => a.LogicalName));
}
