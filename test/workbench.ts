import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { Client, RequestOf, ResponseOf } from "../src/api/index.ts";
import {
  type DataverseConfig,
  dataverse,
  ensureColumn,
  ensureKey,
  type NewColumn,
  openSession,
} from "../src/connectors/dataverse/index.ts";
import { fakeClock } from "../src/connectors/dataverse/stub.ts";
import type { GuardCode } from "../src/core/guards.ts";
import type { RejectedRow, RunCounts } from "../src/core/run.ts";
import { rejectedRows } from "../src/engine/index.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/index.ts";
import { accessToken } from "./access-token.ts";
import { inProcess } from "./in-process.ts";
import { type Files, makeProject, standardFiles } from "./make-project.ts";

/** A source row: column -> text; null is an empty cell. */
export type SourceRow = Record<string, string | null>;
export type Row = Record<string, unknown>;

/** One request as the sandbox logged it. `rows`: how many rows it wrote. */
export type Logged = {
  method: string;
  path: string;
  status: number;
  write: boolean;
  rows: number;
  requestBody: string;
};

/** What a run of one or more syncs did, and what of it arrived in the sandbox. */
export type Ran = RunCounts & {
  of: Record<string, RunCounts>;
  problems: (RejectedRow & { run: string })[];
  /** Requests that meant to write. */
  log: Logged[];
  /** The rows they carried, without what only names type and table. */
  sent: Row[];
};

/** The sync of people to contacts, by their number; `more` replaces settings, and what it says of `mapping` is added. */
export function peopleSync({ mapping, ...more }: Row & { mapping?: Row } = {}): string {
  const own = { externaluseridentifier: "id", lastname: "name", emailaddress1: "email" };
  const settings = { model: "people", to: "crm", object: "contact", match: "externaluseridentifier" };
  return JSON.stringify({ ...settings, mapping: { ...own, ...mapping }, ...more });
}

/** The column and the lookup that make people depend on the sync of firms. */
export const withFirms: Files = {
  "models/firms.yaml": standardFiles["models/firms.yaml"]!,
  "syncs/firms.yaml": standardFiles["syncs/firms.yaml"]!,
  "syncs/people.yaml": standardFiles["syncs/people.yaml"]!,
};

const peopleOnly: Files = { "models/firms.yaml": null, "syncs/firms.yaml": null, "syncs/people.yaml": peopleSync() };

/** A project (people -> contact, and more where a story says so), a sandbox, and everything a story does with them. */
export type Workbench = {
  sandbox: Sandbox;
  folder: string;
  /** Everything as on the first day, with these files. Keys stand on both match columns unless `keyed` is false. */
  begin(changes?: Files, options?: { keyed?: boolean; columns?: NewColumn[] }): Promise<void>;
  write(path: string, text: string): void;
  /** The whole content of a source table. */
  source(table: string, rows: readonly SourceRow[]): void;
  /** Runs syncs (all, if none is named) and checks what holds for every run: counts add up, and the log agrees. */
  run(...syncs: string[]): Promise<Ran>;
  /** The same for the project's only sync, whatever these guards say. */
  approve(...codes: GuardCode[]): Promise<Ran>;
  /** The same without the comparison with the log: for stories in which answers get lost. */
  runThroughFaults(...syncs: string[]): Promise<Ran>;
  /** The same of chosen rows alone. */
  resend(request: RequestOf<"resend">): Promise<Ran>;
  /** The same of the run that follows from a decision about another, by Ana. */
  resolve(request: Omit<RequestOf<"resolve">, "by">): Promise<Ran>;
  /** The id of the latest run of people. */
  latest(): string;
  /** A run that stands still for so many seconds at most. */
  runImpatiently(maxWait: number): Promise<Ran>;
  plan(...syncs: string[]): Promise<ResponseOf<"plan">>;
  /** Takes the newest run of the sync, or the run named, back. */
  undo(of: { sync: string } | { run: string }, options?: UndoOptions): Promise<ResponseOf<"undo">>;
  verify(...syncs: string[]): Promise<ResponseOf<"verify">>;
  doctor(...syncs: string[]): Promise<ResponseOf<"doctor">>;
  repair(): Promise<ResponseOf<"doctor">>;
  /** The history, the newest first. */
  runs(): Promise<ResponseOf<"runs">["runs"]>;
  rebuild(sync: string, how?: { force: boolean }): Promise<ResponseOf<"rebuild">>;
  role(sync: string): Promise<ResponseOf<"role">>;
  control<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  /** A Web API call by a person who works in Dynamics. */
  person(method: string, path: string, body?: Row): Promise<Row>;
  /** All rows of a table with all columns that hold something. */
  rows(table: string): Promise<Row[]>;
};

const elsewhere = { "x-sandbox-user": "somebody else", "content-type": "application/json" };

type UndoOptions = { deleteCreated?: boolean; dryRun?: boolean };

/** A workbench for one test file: its sandbox is started, with these options, before the first story and closed after the last. */
export function useWorkbench(options: Parameters<typeof startSandbox>[0] = {}): Workbench {
  const bench = {} as Workbench;
  let made: ReturnType<typeof makeProject>;
  let token = "";
  beforeAll(async () => {
    bench.sandbox = await startSandbox(options);
    made = makeProject();
    bench.folder = made.folder;
    token = await accessToken(bench.sandbox.env);
  });
  afterAll(async () => {
    made?.remove();
    await bench.sandbox?.close();
  });

  bench.control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${bench.sandbox.origin}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect(answer.ok, `${method} ${path}: ${text}`).toBe(true);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  bench.person = async (method, path, body) => {
    const answer = await fetch(`${bench.sandbox.origin}/api/data/v9.2/${path}`, {
      method,
      headers: { ...elsewhere, authorization: `Bearer ${token}`, prefer: "return=representation" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect(answer.ok, `${method} ${path}: ${text}`).toBe(true);
    return (text === "" ? {} : JSON.parse(text)) as Row;
  };
  bench.rows = async (table) => (await bench.control<{ value: Row[] }>("GET", `rows/${table}`)).value;

  bench.begin = async (changes = {}, { keyed = true, columns = [] } = {}) => {
    await bench.control("POST", "reset");
    rmSync(bench.folder, { recursive: true, force: true });
    made = makeProject({ ...peopleOnly, ...changes }, bench.folder);
    const session = openSession(configOf(bench.sandbox), { base: "." }, { clock: fakeClock() });
    try {
      for (const column of columns) await ensureColumn(session, "contact", column);
      if (!keyed) return;
      const key = { title: "Number", name: "new_NumberKey" };
      await ensureKey(session, "contact", { ...key, columns: ["externaluseridentifier"] });
      await ensureKey(session, "account", { ...key, columns: ["accountnumber"] });
    } finally {
      await session.close();
    }
  };
  bench.write = (path, text) => {
    mkdirSync(dirname(join(bench.folder, path)), { recursive: true });
    writeFileSync(join(bench.folder, path), text);
  };
  bench.source = (table, rows) => bench.write(`data/${table}.csv`, csv(rows));

  const ask = <T>(use: (client: Client) => Promise<T>) =>
    inProcess({ project: bench.folder, variables: bench.sandbox.env }, use);
  const ran = (syncs: string[], approve?: GuardCode[], maxWait?: number): Promise<Ran> =>
    looked((client) => client.run({ syncs, approve: approve && { codes: approve, by: "a test" }, maxWait }));
  const looked = async (start: (client: Client) => Promise<ResponseOf<"run">>): Promise<Ran> => {
    await bench.control("POST", "requests/clear", { bodies: true });
    const { runs, totals } = await ask(start);
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    const log = requests.filter((each) => each.write);
    const folders = runs.map(({ sync, run }) => ({
      sync,
      run,
      folder: join(bench.folder, ".sluice", "default", sync, "runs", run),
    }));
    const problems = await Promise.all(folders.map((one) => rejectedRows([one], {}, 1000)));
    for (const { sync, counts } of runs) expect(outcomes(counts), `counts of ${sync}`).toBe(counts.received);
    const of = Object.fromEntries(runs.map((one) => [one.sync, one.counts]));
    return { ...totals, of, problems: problems.flat(), log, sent: log.flatMap(elementsOf) };
  };
  bench.runThroughFaults = (...syncs) => ran(syncs);
  bench.runImpatiently = (maxWait) => ran([], undefined, maxWait);
  const logged = (done: Ran): Ran => {
    const rows = done.log.reduce((sum, each) => sum + each.rows, 0);
    expect(rows, "rows written by the log").toBe(done.writes);
    return done;
  };
  bench.run = async (...syncs) => logged(await ran(syncs));
  bench.approve = async (...codes) => logged(await ran([], codes));
  bench.resend = async (request) => logged(await looked((client) => client.resend(request)));
  bench.resolve = async (request) => logged(await looked((client) => client.resolve({ by: "Ana", ...request })));
  bench.latest = () => readdirSync(join(bench.folder, ".sluice/default/people/runs")).sort().at(-1)!;
  bench.plan = (...syncs) => ask((client) => client.plan({ syncs }));
  bench.undo = async (of, options = {}) => {
    const run = "run" in of ? of.run : (await ask((client) => client.runs({ sync: of.sync, limit: 1 }))).runs[0]!.id;
    return ask((client) => client.undo({ run, by: "Tess", ...options }));
  };
  bench.verify = (...syncs) => ask((client) => client.verify({ syncs }));
  bench.doctor = (...syncs) => ask((client) => client.doctor({ syncs }));
  bench.repair = () => ask((client) => client.doctor({ repair: true }));
  bench.runs = async () => (await ask((client) => client.runs({}))).runs;
  bench.rebuild = (sync, how) => ask((client) => client.rebuild({ sync, ...how }));
  bench.role = (sync) => ask((client) => client.role({ sync }));
  return bench;
}

/** What became of all received rows together. */
export function outcomes(counts: RunCounts): number {
  const { created, updated, deleted, unchanged, excluded, rejected, failed } = counts;
  return created + updated + deleted + unchanged + excluded + rejected + failed;
}

/** Rows as CSV, every cell quoted but the empty ones. The first row names the columns. */
export function csv(rows: readonly SourceRow[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cell = (value: string | null | undefined) => (value == null ? "" : `"${value.replaceAll('"', '""')}"`);
  const lines = rows.map((row) => names.map((name) => cell(row[name])).join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function configOf({ env }: Sandbox): DataverseConfig {
  return dataverse.config.parse({
    url: env.BASE_URL,
    tenant: env.TENANT_ID,
    clientId: env.CLIENT_ID,
    clientSecret: env.CLIENT_SECRET,
    tokenUrl: env.TOKEN_URL,
  });
}

/** The rows of a request; each line of a batch that is JSON is the body of one of its parts. */
function elementsOf({ method, requestBody }: Logged): Row[] {
  if (method === "DELETE") return [];
  const bodies = requestBody.split("\r\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Row] : []));
  const rows = bodies.flatMap((body) => (body.Targets as Row[] | undefined) ?? [body]);
  return rows.map(({ "@odata.type": _, ...row }) => row);
}
