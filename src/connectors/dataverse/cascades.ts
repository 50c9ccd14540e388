import { z } from "zod";
import type { Dependents } from "../../core/connector.ts";
import { list } from "./answers.ts";
import type { Answers } from "./kept.ts";

const relationship = z.object({
  ReferencingEntity: z.string(),
  ReferencingAttribute: z.string(),
  CascadeConfiguration: z.object({ Delete: z.string().nullish() }).nullish(),
});
export type Cascade = z.infer<typeof relationship>;

/**
 * What Dynamics does with records that point at one which is deleted. One request, kept with the schema.
 * Source: CascadeConfiguration.Delete is Cascade, RemoveLink or Restrict (learn.microsoft.com, CascadeConfiguration.Delete).
 */
export async function readCascades(answers: Answers, object: string, signal: AbortSignal): Promise<Dependents> {
  const select = "$select=ReferencingEntity,ReferencingAttribute,CascadeConfiguration";
  const path = `EntityDefinitions(LogicalName='${object}')/OneToManyRelationships?${select}`;
  const doing = `see what is deleted together with a record of ${object}`;
  return dependentsOf((await answers.get({ path, doing }, list(relationship), signal)).value);
}

/** Pure: the tables whose records go too, and the lookups that are emptied, each once and in order. */
export function dependentsOf(relationships: Cascade[]): Dependents {
  const known = relationships.filter(({ ReferencingEntity }) => !notesOfThePlatform.has(ReferencingEntity));
  const by = (behaviour: string) => known.filter((each) => each.CascadeConfiguration?.Delete === behaviour);
  const sorted = (names: string[]) => [...new Set(names)].sort();
  return {
    deleted: sorted(by("Cascade").map((each) => each.ReferencingEntity)),
    emptied: sorted(by("RemoveLink").map((each) => `${each.ReferencingEntity}.${each.ReferencingAttribute}`)),
  };
}

/** Tables in which Dynamics notes things for itself beside nearly every other table: nobody misses them, and they would hide the rest. */
const notesOfThePlatform = new Set([
  "asyncoperation",
  "bulkdeletefailure",
  "duplicaterecord",
  "mailboxtrackingfolder",
  "principalobjectattributeaccess",
  "processsession",
  "syncerror",
  "userentityinstancedata",
]);
