import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { SluiceError } from "../../src/core/errors.ts";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What a bad disk has done to what runs that ended have left: told by the file's name where it is needed, and in nobody's way. */

const bench = useWorkbench();
const ask = <T>(use: Parameters<typeof inProcess<T>>[1]) =>
  inProcess({ project: bench.folder, variables: bench.sandbox.env }, use);
const person = (n: number, name = `Name ${n}`) => ({ id: `${n}`, name, email: `${n}@example.com` });
const people = Array.from({ length: 20 }, (_, n) => person(n));

const inState = (path: string) => join(bench.folder, ".sluice", path);
const runs = inState.bind(null, "default/people/runs");
let saved: string;
let [first, second, plan] = ["", "", ""];
beforeAll(async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true }) });
  bench.source("people", [...people, person(20, "Evil")]);
  await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
  await bench.run();
  bench.source("people", [person(0, "Other"), ...people.slice(1, 19), person(20, "Evil")]);
  await bench.run();
  bench.source("people", [person(0, "Third"), ...people.slice(1, 19), person(20, "Evil")]);
  plan = (await bench.plan()).plans[0]!.run;
  [first, second] = readdirSync(runs()).sort() as [string, string];
  saved = join(bench.folder, "saved");
  cpSync(inState(""), saved, { recursive: true });
});

async function begin(): Promise<void> {
  rmSync(inState(""), { recursive: true, force: true });
  cpSync(saved, inState(""), { recursive: true });
  const changed = (await bench.rows("contact")).find((row) => row.externaluseridentifier === "0")!;
  await bench.person("PATCH", `contacts(${changed.contactid})`, { lastname: "Other" });
}

const cuts = [
  ["nothing", () => 0],
  ["half", (size: number) => Math.floor(size / 2)],
] as const;

function cut(path: string, to: (size: number) => number): void {
  truncateSync(path, to(statSync(path).size));
}

/** What everybody can ask of what a run has left. */
const asked = (run: string) => ({
  rejected: () => ask((client) => client.rejected({ of: [run], rows: true })),
  groups: () => ask((client) => client.rejected({ of: [run] })),
  export: () => ask((client) => client.rejected({ of: [run], out: join(bench.folder, "rejected.csv") })),
  requests: () => ask((client) => client.rejected({ of: [run], keys: ["20"], curl: true })),
  changes: () => ask((client) => client.changes({ run })),
  undo: () => bench.undo({ run }, { dryRun: true }),
});

const failure = (work: () => Promise<unknown>): Promise<SluiceError | undefined> =>
  work().then(
    () => undefined,
    (thrown: SluiceError) => thrown,
  );

test.each([
  ["job.json", ["changes", "requests", "undo"]],
  ["done.json", ["undo"]],
  ["plan.json", ["changes"]],
  ["requests.json", ["requests"]],
  ["outcome.parquet", ["rejected", "groups", "export", "requests", "undo"]],
  ["touched.parquet", ["changes", "undo"]],
  ["change-1-create.parquet", ["changes", "requests", "undo"]],
  ["journal.ndjson", ["undo"]],
])("%s of an earlier run is cut: who needs it is told so, and everybody else is answered", async (file, needs) => {
  for (const [, to] of cuts) {
    await begin();
    const path = join(runs(), first, file);
    cut(path, to);
    for (const [what, work] of Object.entries(asked(first))) {
      const failed = await failure(work);
      if (failed || needs.includes(what))
        expect(failed, what).toMatchObject({
          code: "state_broken",
          message: expect.stringContaining(path),
          remedy: expect.stringContaining("move the folder it is in away"),
        });
      if (!needs.includes(what)) expect(failed, what).toBeUndefined();
    }
    for (const [what, work] of Object.entries(asked(second)))
      if (what !== "requests") expect(await failure(work), `${what} of the other`).toBeUndefined();
    expect((await bench.runs()).map(({ id }) => id)).toEqual(expect.arrayContaining([first, second, plan]));
  }
});

test.each(cuts)(
  "all that earlier runs have left is cut to %s: the next ones do without it, and doctor names it",
  async (_what, to) => {
    await begin();
    const files = [first, second].flatMap((run) =>
      readdirSync(join(runs(), run), { withFileTypes: true }).flatMap(({ name }) =>
        /\.(json|parquet)$/.test(name) ? [join(runs(), run, name)] : [],
      ),
    );
    for (const path of files) cut(path, to);
    const { syncs, failed } = await bench.doctor();
    expect(failed).toBe(0);
    const told = syncs.flatMap(({ steps }) => steps).find(({ cause }) => cause?.startsWith("Damaged"))!;
    expect(told).toMatchObject({ step: "state", status: "warning", remedy: expect.stringContaining("backup") });
    for (const path of files) expect(told.cause).toContain(path);
    expect((await bench.plan()).totals).toMatchObject({ received: 20, update: 1, unchanged: 18 });
    expect(await bench.run()).toMatchObject({ received: 20, updated: 1, unchanged: 18, rejected: 1, writes: 1 });
    expect(await bench.verify()).toMatchObject({ differences: 0 });
    const last = readdirSync(runs()).sort().at(-2)!;
    expect(await failure(asked(last).changes)).toBeUndefined();
  },
);

test.each(["job.json", "plan.json", "change-2-update.parquet"])(
  "%s of a plan is cut: it is not applied, and a new one is",
  async (file) => {
    await begin();
    for (const [, to] of cuts) {
      const path = join(runs(), plan, file);
      cut(path, to);
      const applied = await failure(() => ask((client) => client.run({ syncs: [], plan })));
      expect(applied).toMatchObject({ code: "state_broken", message: expect.stringContaining(path) });
    }
    const again = (await bench.plan()).plans[0]!.run;
    expect((await ask((client) => client.run({ syncs: [], plan: again }))).totals).toMatchObject({ updated: 1 });
  },
);

test("each file of a plan's changes is gone in turn: it is not applied, and who looks at it is told by the file's name", async () => {
  await begin();
  const files = readdirSync(join(runs(), plan)).filter((name) => name.startsWith("change-"));
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    await begin();
    const path = join(runs(), plan, file);
    rmSync(path);
    const told = {
      code: "state_broken",
      message: expect.stringContaining(path),
      remedy: expect.stringContaining("move the folder it is in away"),
    };
    expect(await failure(() => ask((client) => client.run({ syncs: [], plan }))), file).toMatchObject(told);
    expect(await failure(asked(plan).changes), file).toMatchObject(told);
  }
});

test("a file of changes is gone from an earlier run: its undo names it", async () => {
  await begin();
  const path = join(runs(), first, "change-1-create.parquet");
  rmSync(path);
  for (const what of ["changes", "requests", "undo"] as const)
    expect(await failure(asked(first)[what]), what).toMatchObject({
      code: "state_broken",
      message: expect.stringContaining(path),
    });
  expect(await failure(asked(second).changes)).toBeUndefined();
});

test("a line of a journal is spoilt, or all of it is gone: nothing is undone by the rest", async () => {
  await begin();
  const path = join(runs(), first, "journal.ndjson");
  writeFileSync(path, readFileSync(path, "utf8").replace("{", "x"));
  const told = { code: "state_broken", message: expect.stringContaining(path) };
  expect(await failure(asked(first).undo)).toMatchObject(told);
  rmSync(path);
  expect(await failure(asked(first).undo)).toMatchObject(told);
  const steps = (await bench.doctor()).syncs.flatMap((each) => each.steps);
  expect(steps).toContainEqual(expect.objectContaining({ status: "warning", cause: told.message }));
});

test("the state is lost, and how every run ended is damaged: it still counts as lost", async () => {
  await begin();
  for (const run of [first, second]) cut(join(runs(), run, "done.json"), () => 0);
  rmSync(inState("default/people/rows.duckdb"));
  const { plans } = await bench.plan();
  expect(plans[0]!.warnings.join(" ")).toContain("which knew the rows of earlier runs, is gone");
});
