import { basename } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { type Duck, text } from "./duck.ts";
import type { Only } from "./job.ts";
import { readKeptJob } from "./kept-job.ts";
import { exists, runFiles } from "./layout.ts";
import { means, type RejectedFilter } from "./rejected.ts";
import { chooseTouched, chooseWaiting, chosenAmong, wakeChosen } from "./sql/only.ts";
import { lastFolded } from "./state-file.ts";

/**
 * Chooses the rows (table `chosen`) and has them looked at.
 * @returns what is to be said of keys that do not wait.
 * @throws SluiceError nothing_waits.
 */
export async function choose(duck: Duck, only: Only, sync: string): Promise<string[]> {
  const dead = only.run === undefined ? undefined : runFiles(only.run);
  const folded = dead === undefined || (await lastFolded(duck)) === basename(only.run!);
  await duck.run(folded ? chooseWaiting(means(only)) : chooseTouched(dead.touched));
  // What else waits is none of a run that was about some rows.
  if (dead && folded && (await readKeptJob(dead))?.only && (await exists(dead.touched)))
    await duck.run(chosenAmong(dead.touched));
  const { n } = await duck.one<{ n: number }>("SELECT count(*) AS n FROM chosen");
  if (n === 0) throw new SluiceError("nothing_waits", `No row of ${sync} waits ${wordsOf(only)}.`);
  await duck.run(wakeChosen);
  if (only.keys === undefined) return [];
  const others = await duck.all<{ key: string }>(
    `SELECT key FROM (SELECT unnest([${only.keys.map(text).join(", ")}]) AS key) WHERE key NOT IN (SELECT key FROM chosen)`,
  );
  return others.map(
    ({ key }) => `The row ${key} does not wait ${wordsOf({ ...only, keys: undefined })}: it was left alone.`,
  );
}

function wordsOf({ code, column, keys }: RejectedFilter): string {
  const words = [
    ...(code === undefined ? [] : [`with the code ${code}`]),
    ...(column === undefined ? [] : [`because of the column ${column}`]),
    ...(keys === undefined ? [] : [`with the key ${keys.join(" or ")}`]),
  ];
  return words.join(" and ") || "to be sent";
}
