import { counted, type Day, requestsOf, untilDone } from "./day.ts";
import { afterUndo, type Expected } from "./expected.ts";

/**
 * Takes a run of people back that made `after` of `before`: killed on the way, through faults, and asked for again until
 * there is nothing left to take back. Then the sync stands still until somebody approves.
 * @returns what Dynamics is to hold.
 */
export async function takeBack(
  given: Omit<Day, "after">,
  run: string,
  before: Expected,
  after: Expected,
): Promise<Expected> {
  const { lane, trial, r, played, notes } = given;
  const deleteCreated = r.chance(0.3);
  const undone = afterUndo(before, after, deleteCreated);
  const day = { ...given, after: undone };
  notes.push(`undo${deleteCreated ? " --delete-created" : ""}`);
  const command = ["undo", run, ...(deleteCreated ? ["--delete-created"] : [])];
  const aims = trial.kills === 0 ? 0 : r.int(1, 3);
  await counted(day, r.chance(0.5), () => untilDone(day, command, aims, 0));
  played.undone++;
  await lane.control("requests/clear", {});
  const { result: again } = await lane.command(...command);
  if (again.counts?.writes !== 0) throw new Error(`undone twice: ${JSON.stringify(again)}`);
  const { result: stopped } = await lane.command("run", "people");
  if (stopped.error?.code !== "undone") throw new Error(`a run after an undo: ${JSON.stringify(stopped)}`);
  const { rows } = await requestsOf(lane);
  if (rows > 0) throw new Error(`${rows} rows were written after an undo`);
  return undone;
}
