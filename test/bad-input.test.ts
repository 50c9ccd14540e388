import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { catalogue, type ErrorCode } from "../src/core/catalogue.ts";
import { ask } from "../src/store/asked.ts";
import { enterFolder } from "../src/store/fence.ts";
import { takeLock } from "../src/store/lock.ts";
import { guardCases } from "./bad-guards.ts";
import { planCases } from "./bad-plans.ts";
import { makeElasticTable } from "./elastic-table.ts";
import { standardFiles } from "./make-project.ts";
import { type Case, type Situation, situationOf } from "./situation.ts";

// One case for each row of docs/errors.md: a person does something wrong, or something outside goes wrong, and the
// command ends as documented, having written nothing into Dynamics.

const people = standardFiles["syncs/people.yaml"]!;

const mapping = (from: string, to: string) => ({ "syncs/people.yaml": people.replace(from, to) });

/** Every answer of the Web API fails in this way, and is told at once: nothing here waits. */
const fault = (rule: object) => async (situation: Situation) => {
  await situation.control("POST", "faults", { match: { path: "/api/data" }, ...rule });
  return undefined;
};

/** A run that died before it had done anything. */
const deadRun = "20261121T120000000-abcd";
async function emptyRun({ state }: Situation): Promise<undefined> {
  mkdirSync(join(state, "default", "firms", "runs", deadRun), { recursive: true });
}

/** The first job hangs in its first request: the time to do something to it. */
const hanging = fault({ latencyMs: 600_000 });

/** The process number of the job, as soon as it waits for an answer. */
async function jobWaiting({ state, control }: Situation): Promise<number> {
  for (;;) {
    const { count } = (await control("GET", "requests")) as { count: number };
    const note = join(state, "default", "firms", "lock.json");
    if (count > 0 && existsSync(note)) return (JSON.parse(readFileSync(note, "utf8")) as { pid: number }).pid;
    await setTimeout(50);
  }
}

/** A web server that knows no Web API: a token for everybody, a page for everything else. */
async function webPage(situation: Situation): Promise<() => void> {
  const server = createServer((request, response) => {
    const token = request.url?.includes("token");
    response.setHeader("content-type", token ? "application/json" : "text/html");
    response.end(
      token ? JSON.stringify({ access_token: "x", token_type: "Bearer", expires_in: 3599 }) : "<html>Welcome</html>",
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(situation.sandbox.env, { BASE_URL: url, TOKEN_URL: `${url}/token` });
  return () => server.close();
}

const cases: Record<ErrorCode, Case> = {
  usage: { args: ["run", "--evrything"], says: "--evrything" },
  no_project: { files: { "sluice.yaml": null }, says: "holds no sluice.yaml" },
  yaml_syntax: {
    files: { "models/people.yaml": "connection: data\ntable: [people\nkey: id\n" },
    at: "models/people.yaml:3",
    says: "not valid YAML in line 3",
  },
  yaml_invalid: {
    files: mapping("match:", "mathc:"),
    at: "syncs/people.yaml:4",
    says: "`mathc` is not known here; did you mean `match`?",
  },
  unknown_name: {
    files: mapping("model: people", "model: poeple"),
    at: "syncs/people.yaml:1",
    says: "There is no model `poeple`; did you mean `people`?",
  },
  not_undoable: { args: ["undo", deadRun], before: emptyRun, says: "It sent nothing." },
  variable_missing: { env: { CLIENT_SECRET: "" }, at: "connections/crm.yaml:5", says: "CLIENT_SECRET is not set" },
  file_missing: { files: { "data/firms.csv": null }, at: "models/firms.yaml:2", says: "firms" },
  file_unreadable: {
    files: { "data/firms.csv": Buffer.from("no,title\nF1,Caf\u00e9\n", "latin1") },
    at: "models/firms.yaml:2",
    says: "firms.csv",
  },
  unknown_column: { files: mapping("email\n", "emial\n"), at: "syncs/people.yaml:8", says: "emial" },
  sql_invalid: {
    files: { "models/firms.yaml": "connection: data\nsql: SELECT no, title FROM firms; DROP TABLE firms\nkey: no\n" },
    at: "models/firms.yaml:2",
    says: "SELECT",
  },
  expression_invalid: {
    files: mapping("lastname: name", "lastname: { expression: upper(name) || now() }"),
    at: "syncs/people.yaml:7",
    says: "calls now(), which is not allowed there",
  },
  ambiguous_date: {
    files: {
      "connections/data.yaml": "type: files\nfolder: data\ntables:\n  people: { columns: { born: date } }\n",
      "data/people.csv":
        "id,name,email,firm,born\n1,Ana,a@example.com,F1,05-11-1944\n2,Ben,b@example.com,F1,04-08-1966\n",
    },
    says: "`04-08-1966` is 4 August 1966 or 8 April 1966",
  },
  ...guardCases,
  ...planCases,
  nothing_waits: { args: ["resend", "firms", "--all"], says: "No row of firms waits to be sent." },
  not_resolvable: { args: ["resolve", deadRun, "skip"], before: emptyRun, says: "ended before its plan stood" },
  state_broken: {
    args: ["run", "firms"],
    async before({ loadFirms, state }) {
      await loadFirms();
      writeFileSync(join(state, "default", "firms", "rows.duckdb"), "no database at all, ".repeat(1000));
      return undefined;
    },
    says: "rows.duckdb is damaged",
  },
  state_whole: {
    args: ["rebuild", "firms"],
    async before({ loadFirms }) {
      await loadFirms();
      return undefined;
    },
    says: "a rebuild would only forget what it knows",
  },
  state_elsewhere: {
    args: ["run", "firms"],
    async before({ folder, loadFirms }) {
      await loadFirms();
      const file = join(folder, "syncs", "firms.yaml");
      writeFileSync(
        file,
        readFileSync(file, "utf8")
          .replace("object: account", "object: lead")
          .replace(/accountnumber/g, "companyname")
          .replace(/\bname:/g, "lastname:"),
      );
      return undefined;
    },
    says: "tells what is in account of",
  },
  unknown_object: {
    files: mapping("object: contact", "object: contcat"),
    args: ["plan", "people"],
    at: "syncs/people.yaml:3",
    says: "contcat",
  },
  unknown_target: {
    files: mapping("emailaddress1: email", "emailadress1: email"),
    args: ["run", "people"],
    at: "syncs/people.yaml:8",
    says: "emailadress1",
  },
  mapping_unfit: {
    files: mapping("{ from: firm, lookup: { object: account, by: accountnumber } }", "firm"),
    args: ["run", "people"],
    at: "syncs/people.yaml:9",
    says: "parentcustomerid",
  },
  schema_changed: {
    args: ["run", "firms"],
    async before({ folder, loadFirms, state }) {
      await loadFirms();
      // As if the column had been there: what the last run relied on says so, and the mapping still names it.
      const relied = join(state, "default", "firms", "relied.json");
      const last = JSON.parse(readFileSync(relied, "utf8")) as { columns: object[] };
      last.columns.push({ ...last.columns[0], name: "new_gone" });
      writeFileSync(relied, JSON.stringify(last));
      writeFileSync(join(folder, "syncs", "firms.yaml"), `${standardFiles["syncs/firms.yaml"]}  new_gone: title\n`);
      return undefined;
    },
    at: "syncs/firms.yaml:8",
    says: "Since the last run of firms: account.new_gone is not there any more",
  },
  table_read_only: {
    files: { "syncs/firms.yaml": standardFiles["syncs/firms.yaml"]!.replace("object: account", "object: new_stream") },
    args: ["run", "firms"],
    async before({ sandbox, control }) {
      expect(await makeElasticTable(sandbox)).toBe(204);
      await control("POST", "requests/clear");
      return undefined;
    },
    at: "syncs/firms.yaml:3",
    says: "new_stream is an elastic table",
  },
  connection_wrong: {
    args: ["run"],
    env: { CLIENT_ID: "5a4d0b0c-0000-4000-8000-00000000ffff" },
    at: "connections/crm.yaml",
    says: "no application with this client id",
  },
  secret_wrong: { args: ["run"], env: { CLIENT_SECRET: "wrong" }, at: "connections/crm.yaml", says: "secret" },
  not_allowed: {
    args: ["run"],
    async before({ control }) {
      await control("POST", "privileges", { table: "account", privilege: "Read", allowed: false });
      return undefined;
    },
    says: "prvReadAccount",
  },
  host_unreachable: {
    args: ["run"],
    env: { BASE_URL: "http://127.0.0.1:1", TOKEN_URL: "http://127.0.0.1:1/t/oauth2/v2.0/token" },
    at: "connections/crm.yaml",
    says: "127.0.0.1:1",
  },
  throttled: { args: ["run"], before: fault({ status: 429, retryAfter: 3600 }), says: "wait 3600 s" },
  destination_failed: { args: ["run"], before: fault({ status: 500 }), says: "kept failing" },
  unexpected_answer: { args: ["run"], before: webPage, at: "connections/crm.yaml", says: "text/html" },
  state_locked: {
    args: ["run"],
    async before({ state }) {
      return takeLock(state, "run people").release;
    },
    says: `Process ${process.pid} (sluice run people`,
  },
  state_unwritable: { args: ["run", "--state", join(fileURLToPath(import.meta.url), "below")], says: "below" },
  state_newer: {
    args: ["plan"],
    async before({ state }) {
      writeFileSync(join(state, "format"), "99\n");
      return undefined;
    },
    says: "its format is 99",
  },
  disk_full: {
    args: ["run"],
    async before({ state }) {
      symlinkSync("/dev/full", join(state, "runs.ndjson"));
      return undefined;
    },
    says: "no room left",
  },
  out_of_memory: {
    args: ["run", "firms", "--memory-limit", "1MB"],
    says: "more memory than its limit",
  },
  interrupted: {
    args: ["run"],
    before: hanging,
    async during(situation, { child }) {
      await jobWaiting(situation);
      child.kill("SIGINT");
    },
    says: "stopped",
  },
  paused: {
    args: ["run"],
    async before({ state }) {
      ask(join(state, "default", "firms"), "paused");
      return undefined;
    },
    says: "firms is paused",
  },
  lease_lost: {
    args: ["run"],
    before: fault({ status: 429, retryAfter: 1, times: 1_000_000 }),
    async during(situation) {
      await jobWaiting(situation);
      enterFolder(join(situation.state, "default", "firms"), 99);
      await situation.control("DELETE", "faults");
    },
    says: "lease 99",
  },
  database_unreachable: {
    args: ["run"],
    env: { DATABASE_URL: "postgresql://sluice:not-to-be-printed@127.0.0.1:1/control" },
    says: "127.0.0.1:1/control cannot be used",
  },
  bug: {
    args: ["run"],
    before: hanging,
    async during(situation) {
      process.kill(await jobWaiting(situation), "SIGKILL");
    },
    says: "by signal SIGKILL",
  },
};

test.concurrent.for(Object.entries(cases) as [ErrorCode, Case][])("%s", async ([code, one], { skip }) => {
  skip(code === "disk_full" && !existsSync("/dev/full"), "this system has no /dev/full");
  const situation = await situationOf(one.files);
  try {
    const undo = await one.before?.(situation);
    const running = situation.sluice(one.args ?? ["validate"], one.env);
    await one.during?.(situation, running);
    const { status, stdout, stderr } = await running.ended;
    undo?.();

    const { error } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(error).toMatchObject({ code, kind: catalogue[code].kind, remedy: expect.stringMatching(/\w{3}/) });
    expect(error.message).toContain(one.says);
    expect(status).toBe(catalogue[code].exit);
    if (one.at) expect(error.line === undefined ? error.file : `${error.file}:${error.line}`).toBe(one.at);
    expect(stdout + stderr).not.toMatch(/^\s+at .+:\d+/m);
    expect(stdout + stderr).not.toContain(situation.sandbox.env.CLIENT_SECRET);
    expect(stdout + stderr).not.toContain("not-to-be-printed");
    expect(await situation.control("GET", "requests")).toMatchObject({ writes: 0 });
  } finally {
    await situation.end();
  }
});

test.skipIf(process.getuid?.() === 0)("a state folder that is read-only: state_unwritable", async () => {
  const situation = await situationOf();
  try {
    chmodSync(situation.state, 0o555);
    const { status, stdout } = await situation.sluice(["run"]).ended;
    expect(status).toBe(2);
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "").error).toMatchObject({ code: "state_unwritable" });
    expect(await situation.control("GET", "requests")).toMatchObject({ writes: 0 });
  } finally {
    chmodSync(situation.state, 0o755);
    await situation.end();
  }
});

test.concurrent("a doubled key rejects its rows by name, the others go, and the status is 1", async () => {
  const situation = await situationOf({ "data/firms.csv": "no,title\nF1,First\nF2,Second\nF1,Again\n" });
  try {
    const { status, stdout } = await situation.sluice(["run", "firms"]).ended;
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      totals: { received: 3, created: 1, rejected: 2, writes: 1 },
      runs: [{ sync: "firms", problems: [{ code: "key_doubled", rows: 2, keys: ["F1"] }] }],
    });
  } finally {
    await situation.end();
  }
});
