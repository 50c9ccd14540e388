import { join, resolve } from "node:path";
import type { Target } from "../api/index.ts";
import type { RejectedRow } from "../core/run.ts";
import type { Control } from "../store/control.ts";
import { openStateFolder, type StateFolder } from "../store/folder.ts";
import type { JobProcesses } from "./jobs/process.ts";
import { loadProject } from "./project/load.ts";
import type { ConnectorSource, Project } from "./project/project.ts";

/** What operations are done with: a project, its state folder and control database (opened when first needed). */
export type Workplace = {
  /** Reads the project's files as they are now. */
  project(): Promise<Project>;
  /** Locked for this process from the first call on, until `close`. `command` is what others are told. */
  state(command: string): StateFolder;
  /** Begins to open the control database, or goes on with it. Only after `state`. */
  control(): Promise<Control>;
  /** The control database once all that was given to `later` is in it: for those who read. */
  history(): Promise<Control>;
  jobs: JobProcesses;
  readProblems: ReadProblems;
  /** Work that may end after its operation has answered; `close` waits for it and fails with its failure. */
  later(work: Promise<void>): void;
  close(): Promise<void>;
};

export type Parts = { connectors: ConnectorSource; jobs: JobProcesses; readProblems: ReadProblems };

/** Rows of a finished run that were not sent, from its folder. */
export type ReadProblems = (runFolder: string, options: { limit: number }) => Promise<RejectedRow[]>;

export function openWorkplace(target: Target, parts: Parts): Workplace {
  const folder = resolve(target.project);
  const statePath = target.state === undefined ? join(folder, ".sluice") : resolve(target.state);
  let state: StateFolder | undefined;
  let control: Promise<Control> | undefined;
  let pending: Promise<void>[] = [];
  const startControl = async (path: string) => (await import("../store/control.ts")).openControl(path);
  const openedControl = () => {
    if (!state) throw new Error("the control database is opened under the state folder's lock only");
    control ??= startControl(state.path);
    // Whoever waits for it hears of a failure; until somebody does, it must not end the process.
    control.catch(() => {});
    return control;
  };
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
    control: openedControl,
    async history() {
      await Promise.all(pending);
      return openedControl();
    },
    jobs: parts.jobs,
    readProblems: parts.readProblems,
    later(work) {
      work.catch(() => {});
      pending.push(work);
    },
    async close() {
      try {
        parts.jobs.close();
        const endings = await Promise.allSettled(pending);
        pending = [];
        const failed = endings.find((ending) => ending.status === "rejected");
        await (await control?.catch(() => undefined))?.destroy();
        if (failed) throw failed.reason;
      } finally {
        state?.close();
        state = undefined;
        control = undefined;
      }
    },
  };
}
