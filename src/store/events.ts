import { appendFileSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SerializedError } from "../core/errors.ts";
import type { Approval } from "../core/guards.ts";
import type { PlanCounts, Resolution, RunCounts } from "../core/run.ts";
import { stateFault } from "./faults.ts";
import type { RunKind, RunStatus } from "./tables.ts";

/** `started` and `finished` are ISO 8601. */
export type RunEvent =
  | {
      type: "started";
      id: string;
      environment: string;
      sync: string;
      kind: RunKind;
      started: string;
      approval?: Approval;
    }
  | {
      type: "ended";
      id: string;
      status: Exclude<RunStatus, "running">;
      finished: string;
      counts?: RunCounts;
      plan?: PlanCounts;
      error?: SerializedError;
    }
  | { type: "resolved"; id: string; resolution: Resolution };

const fileOf = (folder: string) => join(folder, "runs.ndjson");
const asideOf = (folder: string) => `${fileOf(folder)}.taken`;
/** What the control database would not take. */
export const refusedOf = (folder: string) => `${fileOf(folder)}.refused`;

/**
 * Notes one step of a run's life in the state folder, one line each. A command that runs syncs writes nothing else: to
 * open the control database takes seconds the first time, and up to a gigabyte. It takes the lines over when it is next
 * opened. Errors: disk_full, state_unwritable.
 */
export function noteEvent(folder: string, event: RunEvent): void {
  append(folder, fileOf(folder), event);
}

/**
 * What was noted and not yet taken over, in order, put aside: others may note more at any moment. Until `forgetAside` the
 * next call gives the same. A line cut off by a crash is left out.
 */
export function putAside(folder: string): RunEvent[] {
  const left = linesOf(asideOf(folder));
  if (left.length > 0) return left;
  try {
    renameSync(fileOf(folder), asideOf(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return linesOf(asideOf(folder));
}

/** Removes what was put aside, unless it is more than was `taken` over: who had the file open by then may have added to it. */
export function forgetAside(folder: string, taken: number): void {
  if (linesOf(asideOf(folder)).length <= taken) rmSync(asideOf(folder), { force: true });
}

/** Keeps a step that the control database refused, and why, so that those behind it are taken over. */
export function keepRefused(folder: string, event: RunEvent, why: string): void {
  append(folder, refusedOf(folder), { why, event });
}

/** How many steps were refused. */
export const refused = (folder: string): number => linesOf(refusedOf(folder)).length;

function append(folder: string, file: string, line: object): void {
  try {
    // The line end first: what a power cut tore off must not swallow the next line.
    appendFileSync(file, `\n${JSON.stringify(line)}`, { mode: 0o600 });
  } catch (error) {
    throw stateFault(error, folder) ?? error;
  }
}

function linesOf(file: string): RunEvent[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as RunEvent];
    } catch {
      return [];
    }
  });
}
