import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { deadVariables, makeProject, standardFiles } from "../../test/make-project.ts";
import type { Client, ResponseOf } from "../api/index.ts";
import type { Connector, Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { Job, JobResult, StartJob } from "../engine/job.ts";
import { openControl } from "../store/control.ts";
import { takeLock } from "../store/lock.ts";
import { localClient } from "./client.ts";

const problemGroup = (key: string, code: string) => ({
  status: "rejected" as const,
  code,
  column: "lastname",
  rows: 1,
  cause: null,
  example: `${key}: ${code}`,
  keys: [key],
  again: "when its source row changes",
});

/** Jobs that say at once what a job of their kind could say. */
const doneJob = (job: Job): JobResult => {
  const plan = { create: 2, adopt: 0, update: 0, delete: 0, unchanged: 0, excluded: 0, rejected: 1 };
  const problems = [problemGroup("1", "too_long")];
  const folder = join(job.folder, "runs", job.run);
  switch (job.kind) {
    case "check":
      return { kind: "check", columns: [] };
    case "plan":
      return {
        kind: "plan",
        plan,
        received: 3,
        samples: [],
        problems,
        forecast: {
          waves: [],
          refresh: 3,
          readfirst: 0,
          readback: 0,
          requests: 3,
          counted: 3,
          daily: null,
          share: null,
          seconds: null,
          measured: null,
          logic: { runs: [], audit: [], unknown: [] },
        },
        mirror: { mode: "all", why: "the table is small", unseen: null },
        warnings: [],
        stops: [],
        seconds: 0.5,
        folder,
      };
    case "undo":
      return {
        kind: "undo",
        of: "",
        plan,
        received: 3,
        partly: 0,
        samples: [],
        problems,
        warnings: [],
        stops: true,
        resolved: 0,
        folder,
      };
    case "rebuild": {
      const report = { aside: null, received: 3, linked: 2, differ: 0, missing: 1, excluded: 0, rejected: 0 };
      return { kind: "rebuild", report: { ...report, unknown: [], problems: [] }, seconds: 0.5, folder };
    }
    case "verify":
      return {
        kind: "verify",
        report: {
          ...{
            way: "linked",
            linked: 2,
            checked: 2,
            differences: 1,
            rows: [],
            columns: [],
            audiences: [],
            table: null,
          },
          notCovered: { rows: 0, columns: [], unmapped: [] },
        },
        seconds: 0.5,
        folder,
      };
    case "run": {
      const some = { created: 2, updated: 0, deleted: 0, unchanged: 0, excluded: 0, rejected: 1, failed: 0 };
      return {
        kind: "run",
        plan,
        counts: { received: 3, ...some, writes: 2, requests: 4, seconds: 1 },
        resolved: 0,
        problems,
        mirror: { mode: "all", why: "the table is small", unseen: null },
        warnings: [],
        approved: [],
        folder,
      };
    }
  }
};

const session: Session = {
  objects: async () => [{ name: "contact", title: "Contact" }],
  describe: async () => {
    throw new SluiceError("unknown_object", "no such table");
  },
  close: async () => {
    closed++;
  },
};
let closed = 0;

const connector = (id: string): Connector => ({
  id,
  title: id,
  config: z.looseObject({}),
  secrets: [],
  open: () => session,
});

let jobs: Job[];
let startJob: StartJob;
let project: ReturnType<typeof makeProject>;
let client: Client;

function connect(changes: Parameters<typeof makeProject>[0] = {}): void {
  project = makeProject(changes);
  client = localClient(
    { project: project.folder, variables: deadVariables },
    {
      connectors: { load: async (type) => connector(type), types: () => [] },
      jobs: {
        start(job, onProgress, signal) {
          jobs.push(job);
          return startJob(job, onProgress, signal);
        },
        prepare: () => {},
        close: () => {},
      },
    },
  );
}

beforeEach(() => {
  jobs = [];
  closed = 0;
  startJob = async (job) => doneJob(job);
});
afterEach(async () => {
  await client.close();
  project.remove();
});

/** A control database takes seconds to make, and moments to copy. */
const template = mkdtempSync(join(tmpdir(), "sluice-test-"));
beforeAll(async () => (await openControl(template)).destroy());
afterAll(() => rmSync(template, { recursive: true }));

const stateOf = (folder: string) => join(folder, ".sluice");

function connectWithState(): void {
  connect();
  cpSync(template, stateOf(project.folder), { recursive: true });
}

/** A run that fails, and what it told of before. */
async function stoppedRun(signal?: AbortSignal) {
  let done: ResponseOf<"run"> | undefined;
  const error = await client
    .run(
      {},
      {
        signal,
        onStopped: (told) => {
          done = told;
        },
      },
    )
    .then(
      () => expect.fail("it went well"),
      (thrown: SluiceError) => thrown,
    );
  return { done, error };
}

describe("over syncs", () => {
  test("all run in order, counts are summed, the caller hears of each", async () => {
    connect();
    const heard: string[] = [];
    const result = await client.run(
      {},
      { onEvent: (event) => heard.push(`${event.type} ${"sync" in event ? event.sync : event.connection}`) },
    );
    expect(result.runs.map((one) => one.sync)).toEqual(["firms", "people"]);
    expect(result.totals).toMatchObject({ received: 6, created: 4, rejected: 2, writes: 4, requests: 8, seconds: 2 });
    expect(result.runs[0]?.problems).toEqual([problemGroup("1", "too_long")]);
    expect(heard).toEqual(["started firms", "finished firms", "started people", "finished people"]);
  });

  test("a job knows everything it needs, and its folder is that of its environment and sync", async () => {
    connect();
    await client.run({ syncs: ["people"] });
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({
      kind: "run",
      sync: "people",
      environment: "default",
      folder: join(stateOf(project.folder), "default", "people"),
      model: { name: "people", file: { table: "people", key: ["id"] } },
      source: { connection: "data", connector: "files", base: project.folder },
      destination: { connection: "crm", config: { clientSecret: "very-secret" } },
    });
  });

  test("a later plan is given the earlier ones of its connection", async () => {
    connect();
    const result = await client.plan({ syncs: ["people", "firms"] });
    expect(jobs.map((job) => job.upstream.length)).toEqual([0, 1]);
    expect(jobs[1]?.upstream[0]).toEqual({
      object: "account",
      runFolder: join(jobs[0]!.folder, "runs", jobs[0]!.run),
    });
    expect(result.totals).toMatchObject({ received: 6, create: 4, rejected: 2 });
  });

  test("the first failure ends it, with the line the fault is in", async () => {
    connect();
    startJob = async (job) => {
      throw new SluiceError("unknown_target", "no such column", {
        place: { file: `syncs/${job.sync}.yaml`, path: ["mapping", "name"] },
      });
    };
    const place = { file: "syncs/firms.yaml", line: 7 };
    for (const ask of [client.run, client.plan, client.verify])
      await expect(ask({})).rejects.toMatchObject({ code: "unknown_target", place });
    expect(jobs).toHaveLength(3);
  });

  test("what was done before the failure is told, also of a run stopped midway", async () => {
    connect();
    startJob = async (job) => {
      const done = doneJob(job);
      if (done.kind !== "run" || job.sync === "firms") return done;
      const error = new SluiceError("throttled", "wait").toJSON();
      return { ...done, counts: { ...done.counts, created: 1, failed: 1, writes: 1 }, error };
    };
    const { done, error } = await stoppedRun();
    expect(done?.runs.map((one) => `${one.sync} ${one.status}`)).toEqual(["firms finished", "people failed"]);
    expect(done?.totals).toMatchObject({ created: 3, failed: 1, writes: 3 });
    expect(error).toMatchObject({ code: "throttled", place: { file: "syncs/people.yaml" } });
  });

  test("a stop ends the run at hand in its own way, and nothing is begun after it", async () => {
    connect();
    const stop = new AbortController();
    startJob = async (job) => {
      stop.abort();
      return doneJob(job);
    };
    const { done, error } = await stoppedRun(stop.signal);
    expect(done?.runs.map((one) => `${one.sync} ${one.status}`)).toEqual(["firms finished"]);
    expect(error).toMatchObject({ code: "interrupted" });
    expect(jobs).toHaveLength(1);
  });

  test("a fault without a place gets the one that its kind suggests", async () => {
    connect();
    const placeOf = async (code: "unknown_object" | "secret_wrong" | "throttled" | "disk_full") => {
      startJob = async () => {
        throw new SluiceError(code, "no");
      };
      return client.plan({}).then(
        () => expect.fail("it went well"),
        (error: SluiceError) => error.place,
      );
    };
    expect(await placeOf("unknown_object")).toMatchObject({ file: "syncs/firms.yaml", line: 3 });
    expect(await placeOf("secret_wrong")).toEqual({ file: "connections/crm.yaml" });
    expect(await placeOf("throttled")).toEqual({ file: "syncs/firms.yaml" });
    expect(await placeOf("disk_full")).toBeUndefined();
  });

  test("an unknown sync is named before anything is touched", async () => {
    connect();
    await expect(client.run({ syncs: ["poeple"] })).rejects.toThrow(/did you mean `people`/);
    expect(existsSync(stateOf(project.folder))).toBe(false);
  });

  test("how many rows of a plan may move says nothing without a plan", async () => {
    connect();
    await expect(client.run({ syncs: ["people"], maxMoved: 0.1 })).rejects.toMatchObject({ code: "usage" });
    expect(jobs).toEqual([]);
  });

  test("another process at the same state is named", async () => {
    connect();
    const lock = takeLock(stateOf(project.folder), "run");
    await expect(client.plan({})).rejects.toMatchObject({ code: "state_locked" });
    expect(jobs).toEqual([]);
    lock.release();
  });
});

describe("history", () => {
  test("everything that was done is listed, the newest first, failures with their reason", async () => {
    connectWithState();
    await client.run({ syncs: ["people"] });
    await client.verify({});
    startJob = async () => {
      throw new SluiceError("secret_wrong", "the secret is wrong");
    };
    await client.run({}).catch(() => {});
    startJob = async () => {
      throw new SluiceError("interrupted", "stopped");
    };
    await client.plan({}).catch(() => {});
    const { runs } = await client.runs({});
    expect(runs.map(({ sync, kind, status }) => `${sync} ${kind} ${status}`)).toEqual([
      "firms plan interrupted",
      "firms run failed",
      "people verify finished",
      "firms verify finished",
      "people run finished",
    ]);
    expect(runs[1]?.error).toMatchObject({ code: "secret_wrong" });
    expect(runs[4]?.counts).toMatchObject({ created: 2 });
    expect((await client.runs({ sync: "people", limit: 1 })).runs).toHaveLength(1);
  });

  test("to run does not open the database: that takes seconds", async () => {
    connect();
    const state = stateOf(project.folder);
    await client.run({});
    await client.close();
    expect(existsSync(join(state, "control"))).toBe(false);
    takeLock(state, "next").release();
  });

  test.runIf(existsSync("/dev/full"))("a failure is told also where it cannot be noted", async () => {
    connect();
    startJob = async (job) => {
      rmSync(join(stateOf(project.folder), "runs.ndjson"));
      symlinkSync("/dev/full", join(stateOf(project.folder), "runs.ndjson"));
      throw new SluiceError("secret_wrong", `no ${job.sync}`);
    };
    await expect(client.run({})).rejects.toMatchObject({ code: "secret_wrong" });
  });
});

describe("without state", () => {
  test("validate looks at every source and leaves no trace", async () => {
    connect();
    expect(await client.validate({})).toMatchObject({ syncs: 2, connections: 2, order: ["firms", "people"] });
    expect(jobs.map((job) => job.kind)).toEqual(["check", "check"]);
    expect(existsSync(stateOf(project.folder))).toBe(false);
  });

  test("validate tells the faults of all sources, each once", async () => {
    connect({ "syncs/more.yaml": standardFiles["syncs/firms.yaml"]!.replace("object: account", "object: lead") });
    startJob = async (job) => {
      throw new SluiceError("file_missing", `no file for ${job.model.name}`, {
        place: { file: `models/${job.model.name}.yaml`, path: ["table"] },
      });
    };
    const error: SluiceError = await client.validate({}).then(
      () => expect.fail("it was found valid"),
      (thrown) => thrown,
    );
    expect([error, ...error.others].map((one) => `${one.place?.file}:${one.place?.line}`).sort()).toEqual([
      "models/firms.yaml:2",
      "models/people.yaml:2",
    ]);
  });

  test("describe asks the connection, and closes it also after a fault", async () => {
    connect();
    expect(await client.describe({ connection: "crm" })).toEqual({
      connection: "crm",
      objects: [{ name: "contact", title: "Contact" }],
    });
    await expect(client.describe({ connection: "crm", object: "x" })).rejects.toMatchObject({ code: "unknown_object" });
    await expect(client.describe({ connection: "crmm" })).rejects.toThrow(/did you mean `crm`/);
    expect(closed).toBe(2);
    expect(existsSync(stateOf(project.folder))).toBe(false);
  });
});
