import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResponseOf } from "../../src/api/index.ts";
import { systemClock } from "../../src/connectors/dataverse/clock.ts";
import { dataverse, ensureKey, openSession } from "../../src/connectors/dataverse/index.ts";
import { SluiceError } from "../../src/core/errors.ts";
import { localClient } from "../../src/server/client.ts";
import { connectorTypes, loadConnector } from "../../src/server/connectors.ts";
import { type JobProcesses, jobProcesses } from "../../src/server/jobs/process.ts";
import { standardFiles } from "../../test/make-project.ts";
import { startServer } from "../server-process.ts";

const sandboxFile = new URL("../sandbox/sandbox-server.ts", import.meta.url);
const jobFile = fileURLToPath(new URL("job.ts", import.meta.url));

const people = {
  model: "people",
  to: "crm",
  object: "contact",
  match: "externaluseridentifier",
  onLeave: "deactivate",
  mapping: {
    externaluseridentifier: "id",
    lastname: "name",
    emailaddress1: "email",
    creditlimit: "limit",
    donotbulkemail: "quiet",
    parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } },
  },
};

export type Ran = ResponseOf<"run">;

/** A sandbox in a process of its own, and a project of firms and people that goes there. */
export type Lane = {
  /** Both as on the first day; `keyed`: alternate keys guard both tables. */
  clear(keyed: boolean): Promise<void>;
  source(files: Record<string, string>): void;
  /**
   * One `sluice run` with its runs in processes of their own. What stopped it is told beside what was done.
   * `killAfterMs`: then the run that is at work is killed the hard way.
   */
  run(killAfterMs?: number): Promise<{ ran: Ran | undefined; error: SluiceError | undefined; killed: boolean }>;
  /** Of a run that ended: how many changes whose answer was lost were found done. */
  resolved(sync: string, run: string): number;
  control<T>(path: string, body?: unknown, method?: string): Promise<T>;
  folder: string;
  close(): Promise<void>;
};

/** `jobs`: how its runs are done. */
export async function openLane(jobs: () => JobProcesses = () => jobProcesses(jobFile)): Promise<Lane> {
  const sandbox = await startServer(sandboxFile);
  const { env } = sandbox;
  const folder = mkdtempSync(join(tmpdir(), "sluice-faults-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const control = async <T>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> => {
    const answer = await fetch(`${env.BASE_URL}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    folder,
    control,
    async clear(keyed) {
      await control("reset", {});
      rmSync(folder, { recursive: true, force: true });
      for (const [path, text] of Object.entries(standardFiles)) write(path, text);
      write("syncs/people.yaml", JSON.stringify(people));
      if (keyed) await makeKeys(env);
    },
    source(files) {
      for (const [name, text] of Object.entries(files)) write(`data/${name}`, text);
    },
    async run(killAfterMs) {
      const connectors = { load: loadConnector, types: connectorTypes };
      const client = localClient({ project: folder, variables: env }, { connectors, jobs: jobs() });
      const midway: Ran[] = [];
      let killed = false;
      let kill: NodeJS.Timeout | undefined;
      const timer =
        killAfterMs === undefined
          ? undefined
          : setTimeout(() => {
              kill = setInterval(() => {
                killed ||= killJob(folder);
              }, 10);
            }, killAfterMs);
      try {
        const ran = await client.run({}, { onStopped: (done) => midway.push(done as Ran) });
        return { ran, error: undefined, killed };
      } catch (thrown) {
        return { ran: midway[0], error: SluiceError.from(thrown), killed };
      } finally {
        clearTimeout(timer);
        clearInterval(kill);
        await client.close();
      }
    },
    resolved(sync, run) {
      const path = join(folder, ".sluice", "default", sync, "runs", run, "done.json");
      return (JSON.parse(readFileSync(path, "utf8")) as { resolved: number }).resolved;
    },
    async close() {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** False where no run is at work. */
function killJob(folder: string): boolean {
  for (const sync of ["firms", "people"]) {
    try {
      const { pid } = JSON.parse(readFileSync(join(folder, ".sluice", "default", sync, "lock.json"), "utf8"));
      process.kill(pid, "SIGKILL");
      return true;
    } catch {
      // nobody works on this one, or it has just ended
    }
  }
  return false;
}

async function makeKeys(env: Record<string, string>): Promise<void> {
  const given = dataverse.config.parse({
    url: env.BASE_URL,
    tenant: env.TENANT_ID,
    clientId: env.CLIENT_ID,
    clientSecret: env.CLIENT_SECRET,
    tokenUrl: env.TOKEN_URL,
  });
  const session = openSession(given, { base: "." }, { clock: { ...systemClock, sleep: async () => {} } });
  try {
    const key = { name: "new_NumberKey", title: "Number" };
    await ensureKey(session, "contact", { ...key, columns: ["externaluseridentifier"] });
    await ensureKey(session, "account", { ...key, columns: ["accountnumber"] });
  } finally {
    await session.close();
  }
}
