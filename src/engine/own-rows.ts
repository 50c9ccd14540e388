import type { Duck } from "./duck.ts";
import type { Shape } from "./shape.ts";
import { lostRows, withoutFallen, withoutLost } from "./sql/awaited.ts";
import { waitingForOwn, wakeOwn } from "./sql/chains.ts";
import { refuseMessageStates, refuseRenamed } from "./sql/refuse.ts";

// Rows that point at other rows of their own sync: who is looked at for that, and who cannot go.

/** Has rows looked at that wait for others of the sync, in case these come now. @returns how many there are. */
export async function wakeAwaiting(duck: Duck, shape: Shape): Promise<number> {
  const waiting = waitingForOwn(shape);
  if (!waiting) return 0;
  await duck.run(waiting);
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM own_wait");
  if (n > 0) await duck.run(wakeOwn);
  return n;
}

/** Rows that cannot go after all: their parent, another row of this run, does not come, or their state is not ours to set. */
export async function withoutMissing(duck: Duck, shape: Shape): Promise<void> {
  for (const statement of [...refuseMessageStates(shape), ...refuseRenamed(shape)]) await duck.run(statement);
  const lost = lostRows(shape);
  for (const statements of [withoutLost, withoutFallen]) {
    if (!lost || (await duck.one<{ lost: number }>(lost)).lost === 0) return;
    for (const statement of statements(shape)) await duck.run(statement);
  }
}
