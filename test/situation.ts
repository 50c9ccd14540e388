import { type ChildProcess, execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { startSandbox } from "../src/sandbox/index.ts";
import { inProcess } from "./in-process.ts";
import { type Files, makeProject } from "./make-project.ts";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));
type Sandbox = Awaited<ReturnType<typeof startSandbox>>;
/** A project and a sandbox of its own, and the command line as a process. */
export type Situation = {
  folder: string;
  state: string;
  sandbox: Sandbox;
  /** The control API of the sandbox. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  sluice(args: string[], env?: Record<string, string>): Running;
  /** A first run of the sync of firms, and nothing in the log. */
  loadFirms(): Promise<void>;
};
export type Ended = { status: number | null; stdout: string; stderr: string };
export type Running = { child: ChildProcess; ended: Promise<Ended> };

/** A command that ends with an error. */
export type Case = {
  files?: Files;
  args?: string[];
  env?: Record<string, string>;
  /** What else is wrong, before the command starts. Gives what undoes it. */
  before?(situation: Situation): Promise<(() => void) | undefined>;
  /** What goes wrong while it runs. */
  during?(situation: Situation, running: Running): Promise<void>;
  /** file:line that the error must name, and a part of its message. */
  at?: string;
  says: string;
};

/** The firms have gone through once; then their source says this. */
export const firmsBecome = (csv: string) => async (situation: Situation) => {
  await situation.loadFirms();
  writeFileSync(join(situation.folder, "data", "firms.csv"), csv);
  return undefined;
};

export async function situationOf(files: Files = {}): Promise<Situation & { end(): Promise<void> }> {
  const project = makeProject(files);
  const sandbox = await startSandbox();
  const state = join(project.folder, ".sluice");
  mkdirSync(state);
  const situation: Situation = {
    folder: project.folder,
    state,
    sandbox: { ...sandbox, env: { ...sandbox.env } },
    async control(method, path, body) {
      const answer = await fetch(`${sandbox.origin}/_sandbox/${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
      return answer.status === 204 ? undefined : answer.json();
    },
    sluice(args, env) {
      const { promise, resolve } = Promise.withResolvers<Ended>();
      const child = execFile(
        process.execPath,
        [launcher, ...args, "--json"],
        { cwd: project.folder, env: { ...process.env, ...situation.sandbox.env, ...env } },
        (_, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
      );
      return { child, ended: promise };
    },
    async loadFirms() {
      const target = { project: project.folder, variables: sandbox.env };
      const { totals } = await inProcess(target, (client) => client.run({ syncs: ["firms"] }));
      expect(totals).toMatchObject({ rejected: 0, failed: 0 });
      await situation.control("POST", "requests/clear");
    },
  };
  const end = async () => {
    await sandbox.close();
    project.remove();
  };
  return { ...situation, end };
}
