import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client, ResponseOf, Target } from "../api/index.ts";
import { SluiceError } from "../core/errors.ts";
import { commandNames, runCommandLine } from "./index.ts";

let stdout: string;
let stderr: string;
beforeEach(() => {
  stdout = "";
  stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const none = { created: 0, updated: 0, deleted: 0, unchanged: 0, excluded: 0, rejected: 0, failed: 0 };
const counts = { ...none, received: 5300, created: 5260, rejected: 40, writes: 5260, requests: 30, seconds: 2.5 };
const plan = { create: 2, adopt: 0, update: 1, delete: 0, unchanged: 7, excluded: 0, rejected: 0 };
const problems: ResponseOf<"run">["runs"][number]["problems"] = [
  {
    status: "rejected",
    code: "too_long",
    column: "firstname",
    cause: null,
    rows: 40,
    example: "1: too long",
    keys: ["1", "2"],
    again: "when its source row changes",
  },
];

const planned: ResponseOf<"plan"> = {
  environment: "test",
  plans: [
    {
      sync: "people",
      run: "r1",
      object: "contact",
      received: 10,
      plan,
      samples: [
        { key: "1", op: "create", id: null, columns: [{ name: "lastname", old: null, new: "Ana" }] },
        { key: "2", op: "create", id: null, columns: [] },
        { key: "3", op: "update", id: "id3", columns: [{ name: "lastname", old: "Ben", new: null }] },
      ],
      problems: [],
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
      mirror: { mode: "touched", why: "as the sync says", unseen: "Not all is seen." },
      warnings: ["contact.fax takes 20 characters now, no longer 50."],
      stops: [],
      seconds: 1,
    },
  ],
  totals: { received: 10, ...plan, leave: 2, deactivate: 1, exit: 3, status: 1, add: 4, remove: 0 },
};

/** Runs a command line against a client that answers as given, and knows what it was asked. */
async function cli(line: string, answers: Partial<Client> = {}) {
  const targets: Target[] = [];
  let closed = 0;
  const status = await runCommandLine(line.split(" ").filter(Boolean), "9.9.9", {
    signal: new AbortController().signal,
    connect: async (target) => {
      targets.push(target);
      return { close: async () => void closed++, ...answers } as Client;
    },
    startSandbox: async () => {
      throw Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
    },
    example: () => Promise.reject(new Error("no command here needs the example")),
  });
  return { status, targets, closed: () => closed, last: () => JSON.parse(stdout.trimEnd().split("\n").at(-1)!) };
}

const ran = (change: Partial<typeof counts> = {}): Partial<Client> => ({
  run: async () => ({
    environment: "test",
    runs: [
      {
        sync: "people",
        run: "r",
        object: "contact",
        status: "finished",
        counts,
        plan,
        problems,
        mirror: { mode: "all", why: "as the sync says", unseen: null },
        warnings: ["x"],
        approved: [],
      },
    ],
    totals: { ...counts, ...change },
  }),
});

test("every command is found by its file", () => {
  for (const name of [
    "check",
    "describe",
    "doctor",
    "plan",
    "rejected",
    "run",
    "runs",
    "sandbox",
    "validate",
    "verify",
  ])
    expect(commandNames()).toContain(name);
  expect(commandNames()).not.toContain("index");
});

test("help and version need nothing and end well", async () => {
  for (const line of ["--help", "", "run --help", "--version"]) expect((await cli(line)).status).toBe(0);
  expect(stdout).toContain("Usage: sluice run");
  expect(stdout).toContain("9.9.9");
});

test.each([
  "vlidate",
  "run --nope",
  "describe",
  "plan --samples few",
  "sandbox --port 70000",
  "sandbox --seed contact",
  "runs a b",
  "run --memory-limit lots",
])("%s is a fault of usage, told as such with and without --json", async (line) => {
  expect((await cli(line)).status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain("(usage)");
  const { status, last } = await cli(`${line} --json`);
  expect(status).toBe(2);
  expect(last().error).toMatchObject({ code: "usage", kind: "config", remedy: expect.any(String) });
});

test("global options may stand before and after the command", async () => {
  const all = "--project p --state s --environment e --memory-limit 2GB";
  const wanted = { project: "p", state: "s", environment: "e", memoryLimit: "2GB" };
  expect((await cli(`${all} run people`, ran())).targets).toEqual([wanted]);
  expect((await cli(`run people ${all}`, ran())).targets).toEqual([wanted]);
  expect((await cli("run", ran())).targets).toEqual([{ project: "." }]);
});

test("run: 1 when rows were rejected or failed, else 0; the causes are shown", async () => {
  const { status, closed } = await cli("run", ran());
  expect(status).toBe(1);
  expect(closed()).toBe(1);
  expect(stdout).toContain("! 40 rows rejected: firstname too_long");
  expect(stdout).toMatch(/people +5,300 +5,260/);
  expect((await cli("run", ran({ rejected: 0 }))).status).toBe(0);
  expect((await cli("run", ran({ rejected: 0, failed: 1 }))).status).toBe(1);
});

test("run: its id is told also where all went well, for that is what undo asks for", async () => {
  const { run } = ran();
  const well = async (...asked: Parameters<NonNullable<typeof run>>) => {
    const done = await run!(...asked);
    return { ...done, runs: done.runs.map((one) => ({ ...one, problems: [], warnings: [] })) };
  };
  await cli("run people", { run: well });
  expect(stdout).toContain("people -> contact  run r\n");
});

test("undo: what was not done is not said to be, and whether the next run stops is told either way", async () => {
  const undone: ResponseOf<"undo"> = {
    ...{ environment: "test", sync: "people", object: "contact", run: "u", of: "r", status: "finished", received: 2 },
    ...{ plan, samples: [], problems: [], warnings: [], stops: true, partly: 0 },
    counts: { ...none, received: 2, failed: 2, writes: 0, requests: 3, seconds: 1 },
  };
  expect((await cli("undo r", { undo: async () => undone })).status).toBe(1);
  expect(stdout).toMatch(/Nothing was taken back\. The next run of people .* --approve undone/);
  const taken = { ...undone, stops: false, counts: { ...undone.counts!, failed: 0, updated: 2, writes: 2 } };
  expect((await cli("undo u", { undo: async () => taken })).status).toBe(0);
  expect(stdout.trimEnd()).toMatch(/Environment test\.$/);
  expect((await cli("undo u", { undo: async () => ({ ...taken, partly: 1 }) })).status).toBe(1);
  expect(stdout).toContain("1 row is taken back only in part: the values");
});

test("run stopped midway: what was done is shown, then the error, which decides the status", async () => {
  const stopped: Partial<Client> = {
    run: async (request, options) => {
      options?.onStopped?.(await ran().run!(request));
      throw new SluiceError("throttled", "wait 3600 s", { remedy: "later" });
    },
  };
  expect((await cli("run", stopped)).status).toBe(2);
  expect(stdout).toMatch(/people +5,300 +5,260/);
  expect(stderr).toBe("error: wait 3600 s (throttled)\n  later\n");
  const { last } = await cli("run --json", stopped);
  expect(last()).toMatchObject({ error: { code: "throttled" }, runs: [{ sync: "people" }], totals: counts });
});

test("run --json prints one line, and nothing for people", async () => {
  const { last } = await cli("run --json", ran());
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(last()).toMatchObject({ runs: [{ sync: "people", counts }], totals: counts });
});

test("check: every step, cause and remedy where one failed, and 2 only then", async () => {
  const steps: ResponseOf<"check">["connections"][number]["steps"] = [
    { step: "name", status: "ok", detail: "known" },
    { step: "sign-in", status: "failed", detail: "", cause: "The secret is wrong.", remedy: "Make a new one." },
    { step: "user", status: "skipped", detail: "needs the sign-in" },
  ];
  const connections = [{ connection: "crm", steps }];
  const answer = { environment: "test", connections, failed: 1, warnings: 0 };
  const { status } = await cli("check crm", { check: async () => answer });
  expect(status).toBe(2);
  expect(stdout).toContain(
    "crm\n  ok     name     known\n  FAILED sign-in\n         The secret is wrong.\n         -> Make a new one.\n  -      user     needs the sign-in\n",
  );
  expect(stdout).toContain("Environment test: 1 failure, 0 warnings.");
  const { last } = await cli("check --json", { check: async () => answer });
  expect(last()).toEqual(answer);
  const well = { ...answer, connections: [{ connection: "crm", steps: steps.slice(0, 1) }], failed: 0 };
  expect((await cli("check", { check: async () => well })).status).toBe(0);
  expect(stdout).toContain("all is well.");
});

test("a warning about a connection goes to standard error, with validate and with run", async () => {
  const warn = (options: Parameters<Client["run"]>[1]) =>
    options?.onEvent?.({ type: "warning", connection: "crm", message: "The secret expires on 2027-01-31, in 3 days." });
  const counted = { project: "p", environment: "test", connections: 1, models: 0, audiences: 0, syncs: 0, order: [] };
  await cli("validate", {
    validate: async (_, options) => {
      warn(options);
      return counted;
    },
  });
  await cli("run --json", {
    run: async (request, options) => {
      warn(options);
      return ran().run!(request);
    },
  });
  const line = "Warning: connection crm: The secret expires on 2027-01-31, in 3 days.\n";
  expect(stderr).toBe(line + line);
});

test("plan: changes field by field, so many of each kind, and 0 also with rejected rows", async () => {
  const { status } = await cli("plan --samples 1", { plan: async () => planned });
  expect(status).toBe(0);
  expect(stdout).toContain('  + create 1\n      lastname  "Ana"\n    ... and 1 more to create\n');
  expect(stdout).toContain('  ~ update 3  id3\n      lastname  "Ben" -> empty\n');
  expect(stdout).toContain("2 of the updates are of rows that left, 1 of them by being deactivated.\n");
  expect(stdout).toContain("4 members would be put into lists and relationships.\n\n");
  expect(stdout).toMatch(/Nothing was sent; .* sends them\.\n$/);
  const stops = [{ code: "undone" as const, message: "Undone.", remedy: "Approve it." }];
  await cli("plan", { plan: async () => ({ ...planned, plans: planned.plans.map((one) => ({ ...one, stops })) }) });
  expect(stdout).toMatch(/sends them, with --approve where a run would stop\.\n$/);
  const totals = { ...planned.totals, leave: 1, deactivate: 0, exit: 1, add: 1, parents: 1 };
  await cli("plan", { plan: async () => ({ ...planned, totals }) });
  expect(stdout).toContain("1 of the updates is of a row that left.\n1 row would be taken out of an audience.\n1 of");
  expect(stdout).toContain("rows is written all the same, in audience columns or memberships alone.\n1 member would");
  expect(stdout).toContain("1 record more would be made for lookups to point at.\n");
});

test("rejected: that no row is like those asked for does not mean that none was rejected", async () => {
  const none = { runs: [{ sync: "people", run: "r" }], groups: [], rows: [], requests: [], file: null };
  await cli("rejected --code x", { rejected: async () => none });
  expect(stdout).toBe("No row that was not sent fits --code, --column and --key.\n");
  await cli("rejected", { rejected: async () => none });
  expect(stdout).toContain("No row was rejected.");
});

test("verify: 1 when something differs", async () => {
  const report = (differences: number): Partial<Client> => ({
    verify: async () => ({
      environment: "test",
      checked: 5,
      differences,
      duplicates: 0,
      file: null,
      syncs: [
        {
          sync: "people",
          run: "r",
          object: "contact",
          way: "linked",
          linked: 5,
          checked: 5,
          differences,
          columns: [
            { column: "revenue", differ: 0, filled: { here: 5, there: 4 }, sum: { here: "12.5", there: "10" } },
          ],
          audiences: [{ audience: "vip", into: "new_vip", here: 3, sent: 2, there: 2 }],
          table: null,
          notCovered: { rows: 1, columns: [], unmapped: ["fax"] },
          rows: differences
            ? [{ kind: "differs" as const, key: "1", id: "x", column: "lastname", expected: "Ana", found: null }]
            : [],
        },
      ],
    }),
  });
  expect((await cli("verify", report(0))).status).toBe(0);
  expect((await cli("verify", report(1))).status).toBe(1);
  expect(stdout).toMatch(/1 +lastname +"Ana" +empty/);
  expect(stdout).toMatch(/revenue +0 +5 +4 +12.5 +10/);
  expect(stdout).toMatch(/vip +new_vip +3 +2 +2/);
  expect(stdout).toContain("Not mapped, so not looked at: fax.");
});

test("an error ends with the status of its code and no stack, and the client is closed", async () => {
  const faulty: Partial<Client> = {
    run: async () => {
      throw new SluiceError("unknown_column", "no column x", { place: { file: "syncs/a.yaml", line: 4 } });
    },
  };
  const { status, closed } = await cli("run", faulty);
  expect([status, closed()]).toEqual([3, 1]);
  expect(stderr).toBe(
    "error: no column x (unknown_column)\n  at syncs/a.yaml:4\n  Correct the name; the nearest columns are listed.\n",
  );
});

test("history that cannot be written is an error; but never hides the error of the run", async () => {
  const close = async () => {
    throw new SluiceError("disk_full", "no room");
  };
  expect((await cli("run --json", { ...ran(), close })).last()).toMatchObject({ error: { code: "disk_full" } });
  const run = async () => {
    throw new SluiceError("secret_wrong", "no");
  };
  expect((await cli("run --json", { run, close })).last()).toMatchObject({ error: { code: "secret_wrong" } });
});

test("runs: an error, and who approved what did not suffice, are one sentence after another", async () => {
  const run = { id: "r", sync: "people", kind: "run", status: "failed", started: "2026-11-22T09:00:00.000Z" };
  const error = { kind: "config", code: "too_many_deletes", message: "20 would be deleted.", remedy: "Look." };
  const approval = { by: "Ana", codes: ["too_many_leaves"] };
  const listed = { environment: "test", runs: [{ ...run, error, approval }] } as unknown as ResponseOf<"runs">;
  await cli("runs", { runs: async () => listed });
  expect(stdout).toContain("  20 would be deleted; Ana approved too_many_leaves\n");
});

test("what nobody foresaw is a bug of ours, in one sentence", async () => {
  const { status } = await cli("runs", {
    runs: async () => {
      throw new TypeError("x is not a function");
    },
  });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: Something in Sluice itself went wrong: x is not a function \(bug\)\n/);
  expect(stderr).not.toContain("    at ");
});

test("sandbox: a port in use is the user's to change", async () => {
  expect((await cli("sandbox --port 80 --json")).last().error).toMatchObject({
    code: "usage",
    message: expect.stringContaining("127.0.0.1:80 is in use"),
  });
});

test("doctor: what is wrong has its cause and remedy; a failure ends with 2, a warning with 0", async () => {
  const steps = [
    { step: "schema: contact", status: "ok" as const, detail: "as in the last run" },
    { step: "state", status: "warning" as const, detail: "", cause: "Others may read it.", remedy: "chmod -R go= x" },
  ];
  const history = [{ step: "history", status: "ok" as const, detail: "none yet" }];
  const syncs = [{ sync: "people", steps }];
  const sizes = [{ part: "all", path: "", bytes: 56 * 1024 ** 2 }];
  const result = { environment: "test", connections: [], syncs, history, sizes, failed: 0, warnings: 1 };
  const found = await cli("doctor people", { doctor: async () => result });
  expect(found.status).toBe(0);
  expect(stdout).toContain("-> chmod -R go= x");
  expect(stdout).toContain("56.0 MB  all\n");
  expect((await cli("doctor", { doctor: async () => ({ ...result, failed: 1 }) })).status).toBe(2);
});

test("doctor --role: what is missing stands out, what is beyond need stands apart", async () => {
  const one = { object: "contact", why: "new rows become records" };
  const privileges = [
    { name: "prvCreateContact", ...one, needed: true, held: null },
    { name: "prvShareContact", ...one, needed: false, held: "Global" },
  ];
  const result = { environment: "test", sync: "people", connection: "crm", privileges, missing: 1, beyond: 1 };
  expect((await cli("doctor --role people", { role: async () => result })).status).toBe(2);
  expect(stdout).toMatch(/prvCreateContact +MISSING +contact: new rows become records/);
  expect(stdout).toContain("1 privilege missing, 1 beyond need.");
});
