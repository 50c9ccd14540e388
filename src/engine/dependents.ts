import type { Dependents, Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";

/** Names that one sentence tells. */
const most = 40;

/**
 * What a person is to know before records of a table are deleted, or when deleted ones are made anew: what else the destination
 * deletes and empties with each, which no plan counts and no undo brings back. Nothing where it cannot tell.
 */
export async function tellDependents(
  session: Pick<Session, "dependents">,
  object: ObjectSchema,
  does: "deletes" | "makes anew",
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const found = await session.dependents?.(object, signal);
    return found ? sentences(object.name, does, found) : [];
  } catch (thrown) {
    if (!(thrown instanceof SluiceError) || signal.aborted) throw thrown;
    return [`What else goes with a deleted ${object.name} could not be looked at. ${thrown.message}`];
  }
}

function sentences(object: string, does: "deletes" | "makes anew", { deleted: by, emptied }: Dependents): string[] {
  const deleted = [...new Set(by.map((pointer) => pointer.object))];
  const goes = [
    ...(deleted.length > 0 ? [`what belongs to it in ${named(deleted)}`] : []),
    ...(emptied.length > 0 ? [`what points at it in ${named(emptied)}`] : []),
  ];
  if (goes.length === 0) return [];
  if (does === "makes anew")
    return [`A deleted record of ${object} comes back alone: ${goes.join(", and ")}, does not.`];
  const told = [
    ...(deleted.length > 0 ? [`deletes what belongs to it in ${named(deleted)}`] : []),
    ...(emptied.length > 0 ? [`empties ${named(emptied)} where they point at it`] : []),
  ];
  return [
    `With each deleted ${object} the destination ${told.join(", and ")}. No plan counts that, and no undo brings it back.`,
  ];
}

function named(names: string[]): string {
  const shown = names.slice(0, most);
  if (names.length > most) return `${shown.join(", ")} and ${names.length - most} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : shown.join();
}
