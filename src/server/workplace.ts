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
  /** Locked for this process from the first call on, until `close`. `command` is what others are told. */
  state(command: string): StateFolder;
  /** The same folder without the lock, for reading what runs left. */
  places(): StatePlaces;
  /** The control database, with all that was done up to now. Only after `state`, and while no job runs. */
  history(): Promise<Control>;
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
  return {
    project: () =>
      loadProject({
        folder,
        environment: target.environment,
        variables: target.variables ?? process.env,
        connectors: parts.connectors,
      }),
    state(command) {
      state ??= openStateFolder(statePath, command);
      return state;
    },
    places: () => state ?? statePlaces(statePath),
    async history() {
      if (!state) throw new Error("the control database is opened under the state folder's lock only");
      // Kysely and PGlite are heavy, and most commands do without.
      const { openControl, takeOver } = await import("../store/control.ts");
      control ??= await openControl(state.path);
      await takeOver(control, state.path);
      return control;
    },
    jobs: parts.jobs,
    // Less is fragile: below it DuckDB may give up instead of spilling (docs/adr has the figures).
    memoryLimit: target.memoryLimit ?? "1GB",
    async close() {
      parts.jobs.close();
      try {
        await control?.destroy();
      } finally {
        control = undefined;
        state?.close();
        state = undefined;
      }
    },
  };
}
