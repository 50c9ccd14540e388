import type { Membership, Session } from "../../core/connector.ts";
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
    const list = memberKey(into);
    if (found.some((other) => other.list === list))
      throw new SluiceError(
        "mapping_unfit",
        `Two audiences of ${job.sync} fill the same list: each would empty the other's.`,
        {
          remedy: "Make one audience of the two, or give each a list of its own.",
          place: at,
        },
      );
    const sharer = await sharing(job, session, object, list, signal);
    if (sharer !== undefined)
      throw new SluiceError(
        "mapping_unfit",
        `${into.title} is filled by the syncs ${job.sync} and ${sharer}: each would take out what the other wants.`,
        { remedy: "Leave the list to one of them, or give each a list of its own.", place: at },
      );
    found.push({ list, audience: job.audiences.findIndex((a) => a.name === name), into });
  }
  return found;
}

/** Which other sync fills the list, whatever it calls it: the destination knows what a name or an id means. */
async function sharing(
  job: Job,
  session: Session,
  object: ObjectSchema,
  list: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const alike = (job.others ?? []).filter(({ file }) => file.object === object.name);
  for (const { sync, file } of alike)
    for (const target of Object.values(file.audiences)) {
      if ("column" in target) continue;
      // What is amiss with theirs is told when they run.
      const theirs = await session.membership!(object, target, signal).catch(ifUsable);
      if (theirs && memberKey(theirs) === list) return sync;
    }
  return undefined;
}

const memberKey = ({ relationship, id }: Membership): string => `${relationship}:${id}`;

/** A list that is gone or takes nobody is none; any other failure is one. */
function ifUsable(thrown: unknown): undefined {
  if (!(thrown instanceof SluiceError && thrown.kind === "config")) throw thrown;
}

/**
 * The same of a sync that was checked before, without what is gone by now or takes nobody. Who else fills a list
 * is not asked: undo only takes back.
 */
export async function usableMemberships(
  job: Job,
  ...asked: [Session, ObjectSchema, AbortSignal]
): ReturnType<typeof membershipsOf> {
  const found: Shape["memberships"] = [];
  for (const [name, target] of Object.entries(job.syncFile.audiences)) {
    const alone = { ...job, others: [], syncFile: { ...job.syncFile, audiences: { [name]: target } } };
    found.push(...((await membershipsOf(alone, ...asked).catch(ifUsable)) ?? []));
  }
  return found;
}
