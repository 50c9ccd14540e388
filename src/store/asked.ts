import { existsSync, type FSWatcher, mkdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { stateFault } from "./faults.ts";

/** What people ask of a sync's run, as files of these names in the sync's folder. `paused` stays until it is taken back. */
export type Asked = "paused" | "stop";

export function ask(folder: string, what: Asked): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, what), `${new Date().toISOString()}\n`, { mode: 0o600 });
  } catch (error) {
    throw stateFault(error, folder) ?? error;
  }
}

export function takeBack(folder: string, what: Asked): void {
  try {
    rmSync(join(folder, what), { force: true });
  } catch (error) {
    throw stateFault(error, folder) ?? error;
  }
}

export const isAsked = (folder: string, what: Asked): boolean => existsSync(join(folder, what));

/** The error with which a run ends that is asked to. What is no run of the sync (`undo`) may be stopped, but goes on in a pause. */
export function asked(folder: string, kind: string): SluiceError | undefined {
  if (kind === "run" && isAsked(folder, "paused")) return new SluiceError("paused", "The sync is paused.");
  if (isAsked(folder, "stop")) return new SluiceError("interrupted", "Somebody stopped the run.");
  return undefined;
}

/** Tells of what is asked as soon as it is. Where the system cannot watch folders, whoever looks from time to time sees it. */
export function watchAsked(folder: string, kind: string, tell: (error: SluiceError) => void): void {
  const look = () => {
    const error = asked(folder, kind);
    if (error) tell(error);
  };
  try {
    const watcher: FSWatcher = watch(folder, { persistent: false }, look);
    watcher.on("error", () => watcher.close());
  } catch {
    return;
  }
  look();
}
