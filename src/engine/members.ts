import type { Session } from "../core/connector.ts";
import type { WaveFile } from "./batches.ts";
import { type Duck, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import { type Layout, wavesOf } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { resolvedAdds } from "./sql/members.ts";
import { readJournal, sentChanges } from "./sql/settle.ts";

/** Reads who is a member now into the table `into` (list, id): all members, whoever put them there. */
export async function readMembers(
  duck: Duck,
  session: Session,
  shape: Shape,
  into: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await duck.run(`CREATE OR REPLACE TEMP TABLE ${into}(list VARCHAR, id VARCHAR)`);
  for (const [i, membership] of shape.memberships.entries()) {
    const read: Session["read"] = () => session.members!(shape.object, membership.into, signal);
    const object = { ...shape.object, can: { ...shape.object.can, deltas: false } };
    const found = `${into}_${i}`;
    await ingest(duck, {
      session: { ...session, read },
      object,
      columns: [],
      into: found,
      created: false,
      folder,
      signal,
    });
    await duck.run(`INSERT INTO ${into} SELECT ${text(membership.list)}, id FROM ${found}`);
    await duck.run(`DROP TABLE ${found}`);
  }
}

/**
 * Once the creates were sent: additions of new records get the ids that the answers told. Those whose record was not made
 * stand at the end of the file and are not sent.
 */
export async function resolveAdds(duck: Duck, at: Layout, shape: Shape, file: WaveFile): Promise<WaveFile> {
  await duck.run(readJournal(at.journal));
  for (const statement of [...sentChanges(wavesOf(shape), at.change), ...resolvedAdds(file.path)])
    await duck.run(statement);
  const { rows } = await duck.one<{ rows: number }>("SELECT count(id) AS rows FROM adds");
  return { ...file, rows };
}
