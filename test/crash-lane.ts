import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, type FSWatcher, mkdirSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "../bench/server-process.ts";
import type { Client } from "../src/api/index.ts";
import { systemClock } from "../src/connectors/dataverse/clock.ts";
import { config } from "../src/connectors/dataverse/config.ts";
import { ensureColumn, ensureKey, ensureSolution, openSession } from "../src/connectors/dataverse/index.ts";
import type { RunCounts } from "../src/core/run.ts";
import { takeLock } from "../src/store/lock.ts";
import { type Gate, type Late, openGate, type Passing, type Stage } from "./crash-gate.ts";
import type { Crash, Phase } from "./crash-moments.ts";
import { inProcess } from "./in-process.ts";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));
const sandboxFile = new URL("../bench/sandbox/sandbox-server.ts", import.meta.url);
export const contacts = "customers-to-contacts";

/** What a command with --json ended with. */
export type Ended = {
  code: number | null;
  result: {
    totals?: RunCounts;
    runs?: { problems: object[] }[];
    differences?: number;
    error?: { code: string; message: string };
  };
};

/** A sandbox, a state folder, and the door between them: where one history after another is played. */
export type Lane = {
  gate: Gate;
  /** The sandbox and the state are as if nothing had ever run; `keyed`: an alternate key guards the contacts. */
  clear(options: { keyed: boolean; accounts: boolean }): Promise<void>;
  /** Runs the command line in processes of its own to its end. */
  command(...args: string[]): Promise<Ended>;
  /**
   * Runs a load and kills it; the whole run takes `ms` when nothing happens. Comes back when the command is dead; what
   * is `late` has then been sent, but has not arrived.
   */
  crash(crash: Crash, ms: number, late?: Late): Promise<Phase>;
  /** The same in this process: quicker, and as good where nobody is to be killed. */
  here<T>(use: (client: Client) => Promise<T>): Promise<T>;
  /** Keeps sandbox and state as the dead run left them, once all that it had under way has come to rest. */
  save(): Promise<void>;
  /** Goes back to what was kept, as often as is wanted. */
  restore(): Promise<void>;
  /** The folders of runs that never ended. */
  unfinished(): string[];
  control<T>(path: string, body?: unknown): Promise<T>;
  /** Ends what is still at work, too. */
  close(): Promise<void>;
};

/** `project` is only read; the state lies in `folder`. */
export async function openLane(folder: string, project: string): Promise<Lane> {
  const sandbox = await startServer(sandboxFile);
  const { env } = sandbox;
  const origin = env.BASE_URL!;
  const gate = await openGate(origin);
  const variables = { ...env, BASE_URL: gate.origin, TOKEN_URL: env.TOKEN_URL!.replace(origin, gate.origin) };
  const state = join(folder, "state");
  const saved = join(folder, "saved");
  const syncFolder = join(state, "default", contacts);
  const syncFolders = () => readdirSync(join(state, "default")).map((name) => join(state, "default", name));

  const control = async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${origin}/_sandbox/${path}`, {
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  };

  const atWork = new Map<ChildProcess, Promise<unknown>>();
  const start = (args: string[]) => {
    const child = spawn(process.execPath, [launcher, ...args, "--json", "--project", project, "--state", state], {
      detached: true,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const over = output(child).finally(() => atWork.delete(child));
    atWork.set(child, over);
    const ended = over.then(({ code, text }): Ended => {
      const line = text.trimEnd().split("\n").at(-1);
      return { code, result: line ? JSON.parse(line) : {} };
    });
    return { child, ended };
  };

  return {
    gate,
    control,
    async clear({ keyed, accounts }) {
      gate.watch(undefined);
      rmSync(state, { recursive: true, force: true });
      await control("reset", {});
      await prepare(env, keyed);
      if (accounts) await control("seed", { table: "account", rows: companies(project) });
    },
    command: (...args) => start(args).ended,
    async crash({ moment, victim, syncs }, ms, late) {
      const reached = { written: false, readBack: false };
      mkdirSync(join(syncFolder, "runs"), { recursive: true, mode: 0o700 });
      const { child, ended } = start(["run", ...(syncs === "both" ? [] : [contacts])]);
      let struck: Promise<unknown> | undefined;
      const strike = () => {
        struck ??= kill(child, victim, syncFolder, ended);
        return struck;
      };
      gate.watch(async (passing: Passing, stage: Stage) => {
        const delayed = late && passing.kind === "write" && passing.n >= late.from ? late : undefined;
        if (delayed && stage === "committed") return void delayed.arrived();
        if (delayed && passing.n > delayed.to) return "drop";
        if (delayed && passing.n < delayed.to) return delayed.hold();
        if (struck) return;
        if (passing.kind === "write" && passing.table === "contacts") reached.written = true;
        if (passing.kind === "read" && passing.table === "contacts" && passing.n > 1) reached.readBack = true;
        const { kind, table, n } = passing;
        if (moment.at !== "request" || moment.kind !== kind || moment.table !== table) return;
        if (moment.n !== n || moment.stage !== stage) return;
        await strike();
        return delayed ? delayed.hold() : "drop";
      });
      const files = moment.at === "file" ? watchFiles(syncFolder, moment, strike) : undefined;
      const timer = moment.at === "time" ? setTimeout(strike, moment.share * ms) : undefined;
      await ended;
      await struck;
      clearTimeout(timer);
      files?.close();
      return phaseOf(syncFolder, reached);
    },
    here: (use) => inProcess({ project, state, variables }, use),
    async save() {
      // Only the command's own process is known to be gone: that of its job may be at it for a moment.
      const locks = syncFolders().map((each) => takeLock(each, "the test", 20_000));
      await gate.idle();
      gate.watch(undefined);
      rmSync(saved, { recursive: true, force: true });
      cpSync(state, saved, { recursive: true });
      for (const lock of locks) lock.release();
      await control("snapshots", { name: "dead run" });
    },
    async restore() {
      rmSync(state, { recursive: true, force: true });
      cpSync(saved, state, { recursive: true });
      await control("snapshots/dead%20run/restore", {});
    },
    unfinished: () => unfinishedRuns(syncFolder),
    async close() {
      const left = [...atWork];
      for (const [child] of left) process.kill(-child.pid!, "SIGKILL");
      await Promise.all(left.map(([, over]) => over));
      await gate.close();
      await sandbox.stop();
    },
  };
}

/** The command has ended when this comes back; the run's own process, left alone, ends as it notices. */
async function kill(child: ChildProcess, victim: Crash["victim"], syncFolder: string, ended: Promise<unknown>) {
  if (child.exitCode === null && child.signalCode === null) {
    const job = victim === "job" ? jobProcess(syncFolder) : undefined;
    if (job !== undefined) process.kill(job, "SIGKILL");
    else if (victim === "command") child.kill("SIGKILL");
    else process.kill(-child.pid!, "SIGKILL");
  }
  await ended;
}

/** The process that works on the sync's folder, if any does yet. */
function jobProcess(syncFolder: string): number | undefined {
  try {
    return JSON.parse(readFileSync(join(syncFolder, "lock.json"), "utf8")).pid;
  } catch {
    return undefined; // not there yet, or half written: then all are killed
  }
}

/** Strikes at the nth event of the file, in the sync's folder or in that of its run. */
function watchFiles(syncFolder: string, moment: { name: string; nth: number }, strike: () => void) {
  let seen = 0;
  let outcome = false;
  const watchers: FSWatcher[] = [];
  const on = (name: string | null) => {
    outcome ||= name === "outcome.parquet";
    // DuckDB's log is written at the start, too: the fold is what comes after the outcome.
    if (name === "rows.duckdb.wal" && !outcome) return;
    if (name === moment.name && ++seen === moment.nth) strike();
  };
  const runs = join(syncFolder, "runs");
  watchers.push(watch(syncFolder, (_, name) => on(name)));
  watchers.push(
    watch(runs, (_, name) => {
      if (name === null || watchers.length > 2) return;
      watchers.push(watch(join(runs, name), (_, file) => on(file)));
      for (const file of readdirSync(join(runs, name))) on(file);
    }),
  );
  return {
    close() {
      for (const each of watchers) each.close();
    },
  };
}

function unfinishedRuns(syncFolder: string): string[] {
  const runs = join(syncFolder, "runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .map((name) => join(runs, name))
    .filter((run) => !existsSync(join(run, "done.json")));
}

function phaseOf(syncFolder: string, reached: { written: boolean; readBack: boolean }): Phase {
  const runs = join(syncFolder, "runs");
  const [name] = existsSync(runs) ? readdirSync(runs) : [];
  if (name === undefined) return "start";
  const has = (file: string) => existsSync(join(runs, name, file));
  if (has("done.json")) return "over";
  if (has("outcome.parquet")) return "fold";
  if (reached.readBack) return "readback";
  if (reached.written) return "deliver";
  return has("change-1-create.parquet") ? "plan" : "refresh";
}

/** The example's columns and keys, and no waiting for an index that the sandbox builds at once. */
async function prepare(env: Record<string, string>, keyed: boolean): Promise<void> {
  const { BASE_URL: url, TENANT_ID: tenant, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, TOKEN_URL } = env;
  const given = config.parse({ url, tenant, clientId, clientSecret, tokenUrl: TOKEN_URL });
  const session = openSession(given, { base: "." }, { clock: { ...systemClock, sleep: async () => {} } });
  try {
    await ensureSolution(session, { name: "Crash", title: "Crash", prefix: "sluice", options: 75_842 });
    for (const name of ["sluice_CustomerId", "sluice_Vip", "sluice_Lapsed"])
      await ensureColumn(session, "contact", { name, title: name, type: "text", maxLength: 40 });
    const key = (object: string, column: string) =>
      ensureKey(session, object, { name: `sluice_${object}Key`, title: "Number", columns: [column] });
    await key("account", "accountnumber");
    if (keyed) await key("contact", "sluice_customerid");
  } finally {
    await session.close();
  }
}

function companies(project: string): { accountnumber: string; name: string }[] {
  const lines = readFileSync(join(project, "data", "companies.csv"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(1);
  return lines.map((line) => ({ accountnumber: line.slice(0, line.indexOf(",")), name: "Company" }));
}

function output(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, text })));
}
