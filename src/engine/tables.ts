import type { Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { Job, OtherSync } from "./job.ts";

/**
 * The job with the tables of other syncs under the names that the destination has for them: a file may name one by its plural or
 * its title. A sync whose table is not there writes none, and its own run tells that.
 */
export async function namingTables(job: Job, session: Session, signal: AbortSignal): Promise<Job> {
  const named = async (said: string) =>
    session.tableOf ? await session.tableOf(said, signal) : (await session.describe(said, signal)).name;
  const others: OtherSync[] = [];
  for (const other of job.others ?? [])
    try {
      others.push({ ...other, file: { ...other.file, object: await named(other.file.object) } });
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || thrown.code !== "unknown_object") throw thrown;
    }
  const upstream: Job["upstream"] = [];
  for (const parent of job.upstream) upstream.push({ ...parent, object: await named(parent.object) });
  return { ...job, others, upstream };
}
