import { findSpared } from "../referenced.ts";
import { isReached } from "../sql/referenced.ts";

type Reading = Omit<Parameters<typeof findSpared>[0], "own">;

/**
 * Judges records that the run made anew (`judged`): one that another sync's row has by now, too, stays as it is; and where they are to
 * be deleted, one with which the record of a row would go that is there. Rows whose records go as well hold nothing.
 */
export async function spareOthers(
  { object, ...reading }: Reading & { object: Parameters<typeof findSpared>[0]["own"] },
  deleteCreated: boolean,
): Promise<void> {
  const made = (column: string) => `SELECT ${column} FROM judged WHERE k_made = 'back'`;
  const rows = `SELECT key, id FROM st.link WHERE h IS NOT NULL AND ${isReached} AND key NOT IN (${made("key")})`;
  await findSpared({ ...reading, own: object }, { ids: made("id"), rows, rest: !deleteCreated });
  await reading.duck.run(
    "UPDATE judged SET k_made = CASE WHEN s.shared THEN 'undo_shared' ELSE 'undo_referenced' END, holder = s.said FROM spared s WHERE k_made = 'back' AND judged.id = s.id",
  );
  await reading.duck.run("DROP TABLE spared");
}
