import type { Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import type { Shape } from "../shape.ts";
import { placed } from "../source.ts";
import { place } from "./place.ts";

/**
 * What the sync's audiences put their rows into, found in the destination and checked.
 * @throws SluiceError mapping_unfit with the place in the sync's YAML; whatever asking the destination may fail with.
 */
export async function membershipsOf(
  job: Job,
  session: Session,
  object: ObjectSchema,
  signal: AbortSignal,
): Promise<Shape["memberships"]> {
  const found: Shape["memberships"] = [];
  for (const [name, target] of Object.entries(job.syncFile.audiences)) {
    if ("column" in target) continue;
    const at = place(job, ["audiences", name]);
    if (!session.membership)
      throw new SluiceError("mapping_unfit", `${job.destination.connection} knows no lists and no relationships.`, {
        remedy: "Name a text column instead.",
        place: at,
      });
    const into = await session.membership(object, target, signal).catch((thrown: unknown) => {
      throw placed(thrown, at);
    });
    const list = `${into.relationship}:${into.id}`;
    if (found.some((other) => other.list === list))
      throw new SluiceError(
        "mapping_unfit",
        `Two audiences of ${job.sync} fill the same list: each would empty the other's.`,
        {
          remedy: "Make one audience of the two, or give each a list of its own.",
          place: at,
        },
      );
    found.push({ list, audience: job.audiences.findIndex((a) => a.name === name), into });
  }
  return found;
}

/** The same of a sync that was checked before, without what is gone by now or takes nobody. */
export async function usableMemberships(
  job: Job,
  ...asked: [Session, ObjectSchema, AbortSignal]
): ReturnType<typeof membershipsOf> {
  const found: Shape["memberships"] = [];
  for (const [name, target] of Object.entries(job.syncFile.audiences)) {
    const alone = { ...job, syncFile: { ...job.syncFile, audiences: { [name]: target } } };
    try {
      found.push(...(await membershipsOf(alone, ...asked)));
    } catch (thrown) {
      if (!(thrown instanceof SluiceError && thrown.kind === "config")) throw thrown;
    }
  }
  return found;
}
