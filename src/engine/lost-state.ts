import { join } from "node:path";
import type { Duck } from "./duck.ts";
import { exists, type Layout, runFiles, runNames } from "./layout.ts";
import { lastFolded } from "./state-file.ts";

/** Whether a run of this sync has told of its rows: then there was a state that knew them. */
export async function hasSettled({ runs }: Pick<Layout, "runs">): Promise<boolean> {
  for (const name of await runNames(runs)) if (await exists(runFiles(join(runs, name)).outcome)) return true;
  return false;
}

/** The state was lost: it knows of no run, and there were some. */
export const isLost = async (duck: Duck, at: Layout): Promise<boolean> =>
  (await lastFolded(duck)) === undefined && (await hasSettled(at));

export const lostState = (state: string): string =>
  `${state}, which knew the rows of earlier runs, is gone: rows that have left meanwhile are nobody's now, and every other one meets its record for the first time.`;

export const findAgain = "`sluice rebuild SYNC` first says what of it can be found again.";
