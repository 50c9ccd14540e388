import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import type { Duck } from "./duck.ts";
import { exists, type Layout, runFiles, runNames } from "./layout.ts";
import { lastFolded } from "./state-file.ts";

/**
 * Whether a run of this sync, or an undo, has ended by itself, all it did told: then there was a state that knew its rows. One
 * that died may never have folded.
 */
export const hasSettled = async (at: Pick<Layout, "runs">): Promise<boolean> =>
  (await settledAfter(at, "")) !== undefined;

/** The first such run after the run `after`. */
async function settledAfter({ runs }: Pick<Layout, "runs">, after: string): Promise<string | undefined> {
  for (const name of await runNames(runs)) {
    if (name <= after) continue;
    const { done, outcome, undo } = runFiles(join(runs, name));
    if (!(await exists(outcome)) || !(await exists(done))) continue;
    if (await foldedItself(done, await exists(undo))) return name;
  }
  return undefined;
}

/** And was not taken over. Of one that is damaged nobody knows; better to ask once too often than never. */
async function foldedItself(done: string, undo: boolean): Promise<boolean> {
  try {
    const { status, folded = !undo } = JSON.parse(await readFile(done, "utf8")) as {
      status?: string;
      folded?: boolean;
    };
    return status !== "interrupted" && folded;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return true;
    throw thrown;
  }
}

/**
 * A run that has ended by itself and that the attached state does not know of: it is an older one, put back. `told`: the latest run whose
 * end the history tells, for the runs' folders may have been put back with it.
 */
export async function unknownRun(duck: Duck, at: Layout, told = "", state?: "beside"): Promise<string | undefined> {
  const folded = await lastFolded(duck, state);
  if (folded === undefined) return undefined;
  return (await settledAfter(at, folded)) ?? (told > folded ? told : undefined);
}

/** The attached state was lost: it knows of no run, and there were some. One that was never more than made has no tables. */
export async function isLost(duck: Duck, at: Layout): Promise<boolean> {
  if (!(await hasSettled(at))) return false;
  const [tables] = await duck.all("SELECT 1 FROM duckdb_tables() WHERE database_name = 'st' AND table_name = 'meta'");
  return !tables || (await lastFolded(duck)) === undefined;
}

export const lostState = (state: string): string =>
  `${state}, which knew the rows of earlier runs, is gone: rows that have left meanwhile are nobody's now, and every other one meets its record for the first time.`;

export const olderState = (state: string, run: string): string =>
  `${state} is older than the run ${run}: what has been written since counts as somebody else's. \`sluice rebuild SYNC --force\` makes a state of what is there now.`;

export const findAgain = "`sluice rebuild SYNC` first says what of it can be found again.";

/** That the attached state was lost, or is older than the last run: then it does not tell what was sent. `told`: see `unknownRun`. */
export async function stateUnknowing(duck: Duck, at: Layout, told?: string): Promise<SluiceError | undefined> {
  if (await isLost(duck, at)) return new SluiceError("state_broken", lostState(at.state), { remedy: findAgain });
  const unknown = await unknownRun(duck, at, told);
  return unknown === undefined ? undefined : new SluiceError("state_broken", olderState(at.state, unknown));
}
