import { restedBefore } from "./images.ts";
import { ingest } from "./ingest.ts";
import { readKeptJob } from "./kept-job.ts";
import { exists, wavesOf } from "./layout.ts";
import { readMembers } from "./members.ts";
import { look, recordsOf } from "./mirror.ts";
import type { Planned } from "./plan.ts";
import { expectedRecords, noneExpected } from "./sql/expected.ts";
import { sentRecords } from "./sql/look.ts";
import { lookalikesAfter } from "./sql/lookalike.ts";
import { madeKnown, tellUnmade } from "./sql/made.ts";
import { goneMembers } from "./sql/members.ts";
import { finalRows, readJournal, resolveUnknown, sentChanges } from "./sql/settle.ts";
import { leaveSomebodys } from "./whose.ts";

/**
 * Reads what the destination holds of what was sent, if anything was (`attempted`), and tells every row's outcome: afterwards
 * there are `after` and `as_expected` (see `Ingest.expected`), `sent` and `final`.
 * @returns where the next run reads on from, and how many changes whose answer was lost were found done (`resolved`).
 * @throws SluiceError when the destination cannot be read.
 */
export async function readBack(
  planned: Planned,
  attempted: boolean,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<{ cursors: Record<string, string>; resolved: number }> {
  const { duck, at, shape, session } = planned;
  const cursors = { ...planned.cursors };
  await duck.run("CREATE OR REPLACE TABLE after AS SELECT * FROM fresh WHERE false");
  await duck.run(noneExpected);
  const table = { ...recordsOf(shape, session, at.temp, signal), onRows };
  let full = false;
  let unknown = 0;
  if (attempted && planned.mirror.mode === "all") {
    // The destination takes its time for each page: meanwhile all is done that does not depend on them.
    const expected = async () => {
      unknown = await hear(planned);
      await duck.run(expectedRecords(shape, at));
      if (unknown === 0) await conclude(planned);
      return "expected";
    };
    const read = await ingest(duck, { ...table, cursor: cursors["cursor:table"], into: "after", expected });
    await duck.run("DROP TABLE expected");
    full = read.full;
    if (read.cursor !== undefined) cursors["cursor:table"] = read.cursor;
  } else {
    unknown = await hear(planned);
    const match = shape.match.map((c) => c.name);
    if (attempted) await look(duck, table, "after", match, sentRecords(shape, at.change("1-create")));
    await duck.run(goneMembers);
    if (unknown === 0) await conclude(planned);
  }
  if (unknown === 0) return { cursors, resolved: 0 };
  await readMembers(duck, session, shape, "member_after", at.temp, signal);
  await duck.run(lookalikesAfter(shape, at.change("1-create")));
  await leaveSomebodys(duck, table, (await readKeptJob(at))?.began);
  for (const statement of resolveUnknown(shape, at.change, full)) await duck.run(statement);
  await conclude(planned);
  const { resolved } = await duck.one<{ resolved: number }>("SELECT count(*) AS resolved FROM resolved");
  return { cursors, resolved };
}

/** `sent`: what became of each change, as far as the answers told. @returns of how many they told nothing. */
async function hear({ duck, at, shape }: Planned): Promise<number> {
  const journal = (await exists(at.journal)) ? at.journal : undefined;
  for (const statement of [...readJournal(journal), ...tellUnmade(shape, at)]) await duck.run(statement);
  await duck.run(sentChanges(wavesOf(shape), at.change));
  return (await duck.one<{ n: number }>("SELECT count(*) AS n FROM sent WHERE status = 'unknown'")).n;
}

/** `final`, and what is known of parents that were made. */
async function conclude({ duck, at, shape }: Planned): Promise<void> {
  await duck.run(finalRows(at.touched, await restedBefore(at), shape.policies.deletedThere === "unlink"));
  await duck.run(madeKnown(shape, at));
}
