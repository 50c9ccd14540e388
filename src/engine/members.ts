import type { Session } from "../core/connector.ts";
import { counted } from "../core/counted.ts";
import type { WaveFile } from "./batches.ts";
import type { Relied } from "./drift.ts";
import { type Duck, text } from "./duck.ts";
import { ingest } from "./ingest.ts";
import { type Layout, wavesOf } from "./layout.ts";
import type { Shape } from "./shape.ts";
import { countResolved, refusedCreates, resolvedAdds, withoutUnmade } from "./sql/members.ts";
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
  await duck.run(`CREATE OR REPLACE TABLE ${into}(list VARCHAR, id VARCHAR)`);
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
 * What became of the creates of this run, for the waves that need their records (`sent`, as far as the journal tells).
 * Additions get the ids that the answers told. Those whose record was not made, or was refused, stand at the end of the
 * file and are not sent.
 */
export async function afterCreates(duck: Duck, at: Layout, shape: Shape, file: WaveFile): Promise<WaveFile> {
  for (const statement of readJournal(at.journal)) await duck.run(statement);
  await duck.run(sentChanges(wavesOf(shape), at.change));
  // Changes bring all their values along: they are put in order only where some are not to be sent.
  if (file.op !== "add" && (await duck.one<{ n: number }>(refusedCreates)).n === 0) return file;
  for (const statement of file.op === "add" ? resolvedAdds(file.path) : withoutUnmade(file.path))
    await duck.run(statement);
  const { rows } = await duck.one<{ rows: number }>(countResolved);
  return { ...file, rows };
}

/**
 * Lists that the last run filled and no audience fills any more, as long as records are in them by us: what is to be
 * said of them.
 */
export async function abandoned(duck: Duck, relied: Relied | undefined, shape: Shape): Promise<string[]> {
  const told: string[] = [];
  for (const { list, title } of relied?.memberships ?? []) {
    if (shape.memberships.some((now) => now.list === list)) continue;
    const { n } = await duck.one<{ n: number }>(`SELECT count(*) AS n FROM st.member WHERE list = ${text(list)}`);
    if (n > 0)
      told.push(
        `${title} is filled by no audience any more, and keeps the ${counted(n, "member", "members")} that ${shape.sync} put there. To take them out, let an audience that has no rows fill it once, with --approve audience_empty.`,
      );
  }
  return told;
}
