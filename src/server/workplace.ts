import { join, resolve } from "node:path";
import type { Target } from "../api/index.ts";
import type { Control } from "../store/control.ts";
import { openStateFolder, type StateFolder, type StatePlaces, statePlaces } from "../store/folder.ts";
import type { JobProcesses } from "./jobs/process.ts";
import { loadProject } from "./project/load.ts";
import type { ConnectorSource, Project } from "./project/project.ts";

/** What operations are done with: a project, its state folder and control database, each opened when first needed. */
export type Workplace = {
  /** Reads the project's files as they are now. */
  project(): Promise<Project>;
  /** Several workers may have the state folder and the control database, which then is a server. */
  shared: boolean;
  /** Locked for this process from the first call on, until `close`, unless it is shared. `command` is what others are told. */
  state(command: string): StateFolder;
  /** The same folder without the lock, for reading what runs left. */
  places(): StatePlaces;
  /** The control database, with all that was done up to now. Only after `state`, and unless shared while no job runs. */
  history(): Promise<Control>;
  /** What was asked of the control database; where that does not answer: database_unreachable, or state_broken. */
  asking<T>(query: Promise<T>): Promise<T>;
  jobs: JobProcesses;
  memoryLimit: string;
  close(): Promise<void>;
};

export type Parts = { connectors: ConnectorSource; jobs: JobProcesses };

export function openWorkplace(target: Target, parts: Parts): Workplace {
  const folder = resolve(target.project);
  const statePath = target.state === undefined ? join(folder, ".sluice") : resolve(target.state);
  let state: StateFolder | undefined;
  let control: Control | undefined;
  const url = (target.variables ?? process.env).DATABASE_URL || undefined;
  const places = () => state ?? statePlaces(statePath);
  const asking = async <T>(query: Promise<T>): Promise<T> => {
    try {
      return await query;
    } catch (thrown) {
      if (url !== undefined) throw (await import("../store/postgres.ts")).unreachable(url, thrown);
      throw (await import("../store/control.ts")).unreadable(places().path, thrown);
    }
  };
  async function history(): Promise<Control> {
    if (!state) throw new Error("the control database is opened after the state folder only");
    const { path } = state;
    // Kysely and PGlite are heavy, and most commands do without.
    const { openControl, takeOver } = await import("../store/control.ts");
    control ??= await openControl(path, url);
    await asking(takeOver(control, path));
    return control;
  }
  return {
    shared: url !== undefined,
    asking,
    history,
    project: () =>
      loadProject({
        folder,
        environment: target.environment,
        variables: target.variables ?? process.env,
        connectors: parts.connectors,
      }),
    state(command) {
      state ??= openStateFolder(statePath, command, url !== undefined);
      return state;
    },
    places,
    jobs: parts.jobs,
    // Less is fragile: below it DuckDB may give up instead of spilling (docs/adr has the figures).
    memoryLimit: target.memoryLimit ?? "1GB",
    async close() {
      parts.jobs.close();
      try {
        // Others see what was done here; a server that is away is told by whoever opens it next.
        if (url !== undefined && control) await history().catch(() => {});
        await control?.destroy();
      } finally {
        control = undefined;
        state?.close();
        state = undefined;
      }
    },
  };
}
