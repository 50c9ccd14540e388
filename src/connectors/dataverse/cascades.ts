import { z } from "zod";
import type { Dependents, Pointer } from "../../core/connector.ts";
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

/** Pure: the lookups by which records go too, and those that are emptied, each once and in order. */
export function dependentsOf(relationships: Cascade[]): Dependents {
  const known = relationships.filter(({ ReferencingEntity }) => !notesOfThePlatform.has(ReferencingEntity));
  const by = (behaviour: string) => {
    const found = known.filter((each) => each.CascadeConfiguration?.Delete === behaviour);
    return [...new Set(found.map((each) => `${each.ReferencingEntity}.${each.ReferencingAttribute}`))].sort();
  };
  const pointer = (name: string): Pointer => {
    const [object, column] = name.split(".") as [string, string];
    return { object, column };
  };
  return { deleted: by("Cascade").map(pointer), emptied: by("RemoveLink") };
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
