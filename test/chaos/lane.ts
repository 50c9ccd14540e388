import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  type FSWatcher,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { startServer } from "../../bench/server-process.ts";
import { systemClock } from "../../src/connectors/dataverse/clock.ts";
import { dataverse, ensureKey, openSession } from "../../src/connectors/dataverse/index.ts";
import type { RunCounts } from "../../src/core/run.ts";
import { startPostgres } from "../postgres.ts";
import { forward, type Gate, type Late, openGate, type Passing, type Stage } from "./gate.ts";
import type { Kill, Moment, Victim } from "./moments.ts";
import { type Policies, projectFiles } from "./project.ts";

const sluice = fileURLToPath(new URL("sluice.ts", import.meta.url));
/** As bin/sluice.js has it. */
const compiled = fileURLToPath(new URL("../../node_modules/.cache/sluice", import.meta.url));
const sandboxFile = new URL("../../bench/sandbox/sandbox-server.ts", import.meta.url);

/** What a command with --json ended with; `result` is empty where it was killed. `words`: the end of its stderr. */
export type Ended = {
  code: number | null;
  words: string;
  result: {
    totals?: RunCounts;
    /** Of an undo, which is one run. */
    run?: string;
    sync?: string;
    status?: string;
    counts?: RunCounts | null;
    runs?: { run: string; sync: string; status: string; counts: RunCounts | null }[];
    error?: { kind: string; code: string; message: string };
  };
};

/** A sandbox, a project with its state, and the door between them: where one history after another is played. */
export type Lane = {
  folder: string;
  /** The control database is a server. */
  postgres: boolean;
  gate: Gate;
  /** Sandbox, project and state are as if nothing had ever run. */
  begin(policies: Policies): Promise<void>;
  source(files: Record<string, string>): void;
  /** Runs the command line in processes of its own to its end. */
  command(...args: string[]): Promise<Ended>;
  /**
   * The same, killed on its way, unless it ends before; a whole run takes `ms`. Comes back when the command is dead; what
   * is `late` has then been sent, but has not arrived.
   */
  killed(args: string[], kill: Kill, ms: number, late?: Late): Promise<Ended & { killed: boolean }>;
  /** The folders of runs that never ended. */
  unfinished(): string[];
  /** The folder of the newest run. */
  newest(): string | undefined;
  /** Of a run that ended: how many changes whose answer was lost were found done. */
  resolved(sync: string, run: string): number;
  /** Of how many of people's rows that a run refused for want of a parent it wrote the audience's column all the same. */
  toldEarly(run: string): Promise<number>;
  control<T>(path: string, body?: unknown, method?: string): Promise<T>;
  rows(table: string): Promise<Record<string, unknown>[]>;
  /** Ends what is still at work, too. */
  close(): Promise<void>;
};

/** `postgres`: the control database is a server of the lane's own, instead of PGlite in the state folder. */
export async function openLane({ postgres = false } = {}): Promise<Lane> {
  const sandbox = await startServer(sandboxFile);
  const { env } = sandbox;
  const origin = env.BASE_URL!;
  const gate = await openGate(origin);
  // A connection each: one that lay idle may be closed at the moment it is used again.
  const agent = new Agent({ keepAlive: false });
  const variables = { ...env, BASE_URL: gate.origin, TOKEN_URL: env.TOKEN_URL!.replace(origin, gate.origin) };
  const folder = mkdtempSync(join(tmpdir(), "sluice-chaos-"));
  const state = join(folder, ".sluice");
  const server = postgres ? await startPostgres() : undefined;
  const syncFolders = ["firms", "people"].map((sync) => join(state, "default", sync));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const control = async <T>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> => {
    const sent = Buffer.from(body === undefined ? "" : JSON.stringify(body));
    const answer = await forward(origin, agent, { method, headers: {}, url: `/_sandbox/${path}` }, sent);
    const text = answer.body.toString();
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };

  const atWork = new Map<ChildProcess, Promise<unknown>>();
  const start = (args: string[]) => {
    const child = spawn(process.execPath, [sluice, ...args, "--json", "--project", folder, "--state", state], {
      detached: true,
      env: { ...process.env, ...variables, NODE_COMPILE_CACHE: compiled, ...(server && { DATABASE_URL: server.url }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const over = output(child).finally(() => atWork.delete(child));
    atWork.set(child, over);
    const ended = over.then(({ code, text, words }): Ended => {
      const line = text.trimEnd().split("\n").at(-1);
      return { code, words, result: code !== null && line ? JSON.parse(line) : {} };
    });
    return { child, ended };
  };

  return {
    folder,
    postgres,
    gate,
    control,
    async begin(policies) {
      gate.watch(undefined);
      await gate.idle();
      await control("reset", {});
      rmSync(folder, { recursive: true, force: true });
      await server?.query("DROP SCHEMA public CASCADE", "CREATE SCHEMA public");
      for (const [path, text] of Object.entries(projectFiles(policies))) write(path, text);
      if (policies.keyed) await makeKeys(env);
    },
    source(files) {
      for (const [name, text] of Object.entries(files)) write(`data/${name}`, text);
    },
    command: (...args) => start(args).ended,
    async killed(args, { moment, victim }, ms, late) {
      for (const each of syncFolders) mkdirSync(join(each, "runs"), { recursive: true, mode: 0o700 });
      const { child, ended } = start(args);
      let struck = false;
      let back: Promise<void> | undefined;
      const strike = () => {
        if (struck || child.exitCode !== null || child.signalCode !== null) return;
        struck = true;
        if (victim === "server") {
          server!.kill();
          back = server!.start();
        } else kill(child, victim, syncFolders);
      };
      gate.watch(async (passing: Passing, stage: Stage) => {
        const delayed = late && passing.kind === "write" && passing.n >= late.from ? late : undefined;
        if (delayed && stage === "committed") return void delayed.arrived();
        if (delayed && passing.n > delayed.to) return "drop";
        if (delayed && passing.n < delayed.to) return delayed.hold();
        if (struck || moment.at !== "request" || moment.kind !== passing.kind) return;
        if (moment.n !== passing.n || moment.stage !== stage) return;
        strike();
        if (victim === "server") return;
        await ended;
        return delayed ? delayed.hold() : "drop";
      });
      const files = moment.at === "file" ? watchFiles(join(state, "default", moment.sync), moment, strike) : undefined;
      const timer = moment.at === "time" ? setTimeout(strike, moment.share * ms) : undefined;
      const end = await ended;
      clearTimeout(timer);
      files?.close();
      if (!late) gate.watch(undefined);
      await back;
      // As if their terms had passed: nobody waits for the leases of the dead.
      if (struck) await server?.query(endLeases);
      return { ...end, killed: struck };
    },
    unfinished: () => syncFolders.flatMap(runsOf).filter((run) => !existsSync(join(run, "done.json"))),
    newest: () =>
      syncFolders
        .flatMap(runsOf)
        .sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
        .at(-1),
    resolved(sync, run) {
      const path = join(state, "default", sync, "runs", run, "done.json");
      return (JSON.parse(readFileSync(path, "utf8")) as { resolved?: number }).resolved ?? 0;
    },
    async toldEarly(run) {
      const file = (name: string) => `'${join(state, "default", "people", "runs", run, `${name}.parquet`)}'`;
      const duck = await DuckDBInstance.create();
      const connection = await duck.connect();
      const found = await connection.runAndReadAll(
        `SELECT count(*) FROM ${file("change-2-update")} WHERE kind = 'status' AND key IN (SELECT key FROM ${file("outcome")} WHERE code = 'parent_missing')`,
      );
      connection.closeSync();
      duck.closeSync();
      return Number(found.getRows()[0]![0]);
    },
    rows: async (table) => (await control<{ value: Record<string, unknown>[] }>(`rows/${table}`)).value,
    async close() {
      const left = [...atWork];
      for (const [child] of left) process.kill(-child.pid!, "SIGKILL");
      await Promise.all(left.map(([, over]) => over));
      await gate.close();
      await sandbox.stop();
      await server?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The first of all commands may have died before there were any. */
const endLeases = `DO $$ BEGIN
  IF to_regclass('lease') IS NOT NULL THEN UPDATE lease SET until = now() WHERE until > now(); END IF;
END $$`;

/** A run's own process, left alone, ends as it notices. */
function kill(child: ChildProcess, victim: Victim, syncFolders: string[]): void {
  const job = victim === "job" ? syncFolders.map(jobProcess).find((pid) => pid !== undefined) : undefined;
  if (job !== undefined) process.kill(job, "SIGKILL");
  else if (victim === "command") child.kill("SIGKILL");
  else process.kill(-child.pid!, "SIGKILL");
}

/** The process that works on the sync's folder, if any does yet. */
function jobProcess(syncFolder: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(syncFolder, "lock.json"), "utf8")) as { pid: number };
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined; // not there yet, half written, or of a process that is dead: then all are killed
  }
}

/** Strikes at the nth event of the file, in the sync's folder or in that of its newest run. */
function watchFiles(syncFolder: string, moment: Moment & { at: "file" }, strike: () => void): { close(): void } {
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
  const known = new Set(readdirSync(runs));
  watchers.push(watch(syncFolder, (_, name) => on(name)));
  watchers.push(
    watch(runs, (_, name) => {
      if (name === null || known.has(name) || !existsSync(join(runs, name))) return;
      known.add(name);
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

function runsOf(syncFolder: string): string[] {
  const runs = join(syncFolder, "runs");
  return existsSync(runs) ? readdirSync(runs).map((name) => join(runs, name)) : [];
}

/** Alternate keys on both match columns, and no waiting for an index that the sandbox builds at once. */
async function makeKeys(env: Record<string, string>): Promise<void> {
  const { BASE_URL: url, TENANT_ID: tenant, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, TOKEN_URL } = env;
  const given = dataverse.config.parse({ url, tenant, clientId, clientSecret, tokenUrl: TOKEN_URL });
  const session = openSession(given, { base: "." }, { clock: { ...systemClock, sleep: async () => {} } });
  try {
    const key = { name: "new_NumberKey", title: "Number" };
    await ensureKey(session, "contact", { ...key, columns: ["externaluseridentifier"] });
    await ensureKey(session, "account", { ...key, columns: ["accountnumber"] });
  } finally {
    await session.close();
  }
}

function output(child: ChildProcess): Promise<{ code: number | null; text: string; words: string }> {
  let [text, words] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    words = (words + part).slice(-4096);
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, text, words })));
}
