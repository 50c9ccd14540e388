import type { Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import { parentTables } from "../../engine/shape/lookup.ts";
import { circleFault, orderSyncs, type Tables } from "../project/order.ts";
import type { Project, Resource } from "../project/project.ts";

/** Milliseconds in which a table must be told of: whoever waits sees nothing yet, and a job waits better. */
const PATIENCE = 20_000;

type Asking = { signal?: AbortSignal | undefined; cacheOf(connection: string): string };

/**
 * The syncs of a command, parents first by what the destinations say: in the files a table may go by several names, and a lookup
 * by none. Nobody is asked about a sync that is alone on its connection; and where nobody answers, the order is that of the files,
 * and the jobs tell why. Error: yaml_invalid, where they wait for each other.
 */
export async function inOrder(
  project: Project,
  syncs: Resource<SyncFile>[],
  { signal, cacheOf }: Asking,
): Promise<Resource<SyncFile>[]> {
  const known = new Map<string, Tables>();
  const groups = Map.groupBy(syncs, ({ file }) => file.to);
  const ask = async ([connection, group]: [string, Resource<SyncFile>[]]) => {
    if (group.length < 2) return;
    const { connector, config } = project.connections.get(connection)!;
    const session = connector.open(config, { base: project.folder, cache: cacheOf(connection), maxWait: PATIENCE });
    try {
      for (const [name, tables] of await tablesThere(session, group, signal)) known.set(name, tables);
    } finally {
      await session.close();
    }
  };
  await Promise.all([...groups].map(ask));
  const { ordered, circle } = orderSyncs(syncs, known);
  if (circle) throw circleFault(circle, syncs);
  return ordered;
}

/** By sync, as far as the destination tells: what is amiss with a table or with the connection is told by the sync's own job. */
export async function tablesThere(
  session: Session,
  syncs: readonly Resource<SyncFile>[],
  signal?: AbortSignal,
): Promise<Map<string, Tables>> {
  const known = new Map<string, Tables>();
  for (const { name, file } of syncs) {
    const ends = AbortSignal.any([AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])]);
    try {
      const object = await session.describe(file.object, ends);
      known.set(name, { object: object.name, parents: new Set(parentTables(file, object)) });
    } catch (thrown) {
      if (!(thrown instanceof SluiceError || ends.aborted)) throw thrown;
      if (!(thrown instanceof SluiceError && thrown.code === "unknown_object")) break;
    }
  }
  return known;
}
