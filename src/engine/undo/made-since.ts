import { foldSql } from "../../core/fold.ts";
import { type Duck, text } from "../duck.ts";
import { readNothing } from "../ingest.ts";
import { look, notAskedBy } from "../mirror.ts";
import type { Shape } from "../shape.ts";
import { madeOn, realDates } from "../sql/backdated.ts";
import { storedMatch } from "../sql/match.ts";
import { joined, list } from "../sql/names.ts";
import { CLOCKS } from "../whose.ts";

/**
 * Judges records that the run deleted anew (`judged`): where another one with the match value was made since the run `began`
 * (milliseconds since 1970; undefined where it did not say), by whomever, the deleted one would come back as its double. One that was
 * there before stood beside it before. Wants `wrote`.
 */
export async function besideNone(
  duck: Duck,
  shape: Shape,
  began: number | undefined,
  reading: Pick<Parameters<typeof readNothing>[1], "session" | "object" | "folder" | "signal">,
): Promise<void> {
  const deleted = "judged WHERE k_deleted = 'back'";
  const { n } = await duck.one<{ n: number }>(`SELECT count(*) AS n FROM ${deleted}`);
  if (n === 0 || shape.match.length === 0 || notAskedBy(shape)) return;
  const match = joined(shape.match.map((c) => foldSql(`x_${c.index}`)));
  const table = { ...reading, columns: [...shape.match, ...realDates(reading.object)], created: true };
  await readNothing(duck, { ...table, into: "alike" });
  const values = shape.match.map((c, i) => `any_value(x_${c.index}) AS v${i}`);
  await look(
    duck,
    table,
    "alike",
    shape.match.map((c) => c.name),
    {
      ids: ["SELECT NULL::VARCHAR AS id WHERE false"],
      values: `SELECT ${list(values)} FROM ${deleted} AND ${match} IS NOT NULL GROUP BY ${match}`,
    },
  );
  const since =
    began === undefined ? "true" : `${madeOn(reading.object)} >= ${text(new Date(began - CLOCKS).toISOString())}`;
  await duck.run(`UPDATE judged SET k_deleted = 'undo_made_since', twin = a.id
FROM (SELECT ${storedMatch(shape, "n")} AS m, min(id) AS id FROM alike n WHERE NOT gone AND ${since} AND id NOT IN (SELECT id FROM wrote WHERE made) GROUP BY m) a
WHERE k_deleted = 'back' AND a.m = ${match}`);
  await duck.run("DROP TABLE alike");
}
