import { chmod, rename, rm, stat } from "node:fs/promises";
import { attached, type Duck, openDuck, sizeUp } from "./duck.ts";
import type { Layout } from "./layout.ts";
import { onDisk } from "./whole-file.ts";

/** Smaller files are left alone, in bytes: the room is not worth the time. */
const small = 256 * 1024 ** 2;

/** In bytes. */
export type StateSize = { size: number; free: number };

type Means = { memoryLimit: string; temp: string };

/** How large the state's file is, and how much of it holds nothing. @throws SluiceError state_broken, state_locked. */
export async function sizeOfState(at: Pick<Layout, "state">, means: Means): Promise<StateSize> {
  return withState(at, means, sizeIn);
}

/**
 * Writes the state anew where more than half of its file holds nothing (or always, if `anyway`). The copy takes the old
 * one's place when it is whole and on the disk; whoever dies before leaves the old one. Nobody else may have it open.
 * @returns the sizes before and after; undefined where there was no need.
 * @throws SluiceError state_broken, disk_full.
 */
export async function compact(
  at: Pick<Layout, "state">,
  means: Means,
  anyway = false,
): Promise<{ before: number; after: number } | undefined> {
  const copy = `${at.state}.new`;
  const forget = () => Promise.all([copy, `${copy}.wal`].map((path) => rm(path, { force: true })));
  await forget();
  const before = (await stat(at.state)).size;
  if (!anyway && before < small) return undefined;
  const copied = withState(at, means, async (duck) => {
    const { size, free } = await sizeIn(duck);
    if (free * 2 < size && !anyway) return false;
    await duck.run(attached(copy, "fresh"));
    await duck.run("COPY FROM DATABASE st TO fresh");
    await duck.run("CHECKPOINT fresh");
    await duck.run("DETACH fresh");
    return true;
  });
  const needed = await copied.catch(async (thrown) => {
    // On a full disk it would take the room that others need.
    await forget();
    throw thrown;
  });
  if (!needed) return undefined;
  await chmod(copy, 0o600);
  await onDisk(copy);
  await rename(copy, at.state);
  return { before, after: (await stat(at.state)).size };
}

async function withState<T>(at: Pick<Layout, "state">, means: Means, use: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await openDuck({ ...means, threads: 2, state: at.state });
  try {
    await sizeUp(duck, []);
    await duck.run(attached(at.state, "st"));
    const done = await use(duck);
    await duck.run("CHECKPOINT st");
    await duck.run("DETACH st");
    return done;
  } finally {
    await duck.close();
  }
}

async function sizeIn(duck: Duck): Promise<StateSize> {
  return await duck.one<StateSize>(
    "SELECT (total_blocks * block_size)::DOUBLE AS size, (free_blocks * block_size)::DOUBLE AS free FROM pragma_database_size() WHERE database_name = 'st'",
  );
}
