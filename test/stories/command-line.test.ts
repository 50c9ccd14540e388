import { beforeAll, describe, expect, test } from "vitest";
import { type Ended, sluice } from "../sluice-process.ts";
import { peopleSync, useWorkbench, withFirms } from "../workbench.ts";

/** What a person at a terminal, or a script, gets to see of one small project, command after command. */

const bench = useWorkbench();
const command = (...args: string[]): Promise<Ended> => sluice(bench, ...args).ended;
const idOf = async (key: string) =>
  (await bench.rows("contact")).find((row) => row.externaluseridentifier === key)?.contactid;

/** Nothing on the screen is for programmers only, and no secret is shown. */
function forPeople({ stdout, stderr }: Ended): string {
  const all = stdout + stderr;
  expect(all).not.toMatch(/\n\s+at \S.*:\d+:\d+|node:internal|undefined|\[object|NaN/);
  expect(all).not.toContain(bench.sandbox.env.CLIENT_SECRET);
  return stdout;
}

beforeAll(async () => {
  await bench.begin(withFirms);
  bench.source("people", [
    { id: "1", name: "Ana", email: "ana@example.com", firm: "F1" },
    { id: "2", name: "x".repeat(51), email: "ben@example.com", firm: "F1" },
    { id: "3", name: "Cleo", email: null, firm: "F9" },
  ]);
});

// One project through its life: each test goes on where the one before it ended.
describe("with --json the one line of standard output is the result", () => {
  const one = async (...args: string[]) => {
    const ended = await command(...args, "--json");
    expect(ended.stdout.trimEnd().split("\n")).toHaveLength(1);
    expect(ended.last, ended.stderr).toBeTypeOf("object");
    return ended;
  };

  test("validate, plan, run, rejected, runs, verify", async () => {
    expect(await one("validate")).toMatchObject({ status: 0, last: { syncs: 2, order: ["firms", "people"] } });
    expect(await one("plan")).toMatchObject({ status: 0, last: { totals: { create: 2, rejected: 2 } } });
    expect(await one("run")).toMatchObject({ status: 1, last: { totals: { created: 2, rejected: 2, writes: 2 } } });
    const rejected = await one("rejected", "--rows");
    expect(rejected.status).toBe(0);
    expect(rejected.last.rows).toMatchObject([
      { sync: "people", key: "3", code: "parent_missing", column: "parentcustomerid" },
      { sync: "people", key: "2", code: "too_long", column: "lastname" },
    ]);
    const { last } = await one("runs");
    expect(last.runs.map((run: { kind: string; sync: string }) => `${run.kind} ${run.sync}`)).toEqual([
      "run people",
      "run firms",
      "plan people",
      "plan firms",
    ]);
    expect(await one("verify")).toMatchObject({ status: 0, last: { checked: 2, differences: 0 } });
  });

  test("verify tells what somebody changed, was deleted, and ends with status 1", async () => {
    await bench.person("PATCH", `contacts(${await idOf("1")})`, { lastname: "By hand" });
    const changed = await one("verify");
    expect(changed).toMatchObject({ status: 1, last: { checked: 2, differences: 1 } });
    expect(changed.last.syncs[1].rows).toEqual([
      { kind: "differs", key: "1", id: await idOf("1"), column: "lastname", expected: "Ana", found: "By hand" },
    ]);
    expect(await one("run", "people")).toMatchObject({ status: 1, last: { totals: { updated: 1, rejected: 2 } } });
    expect(await one("verify", "people")).toMatchObject({ status: 0, last: { differences: 0 } });
  });

  test("an error is the one line too", async () => {
    const wrong = await one("run", "poeple");
    expect(wrong).toMatchObject({ status: 3, last: { error: { code: "unknown_name", kind: "config" } } });
    expect(wrong.last.error.message).toContain("people");
  });
});

describe("without it, it is for people", () => {
  test("describe lists tables, then a table's columns and keys", async () => {
    const tables = forPeople(await command("describe", "crm"));
    expect(tables).toMatch(/^contact +Contact$/m);
    const contact = forPeople(await command("describe", "crm", "contact"));
    expect(contact).toMatch(/^lastname +text +Last Name .*50/m);
    expect(contact).toContain("key new_numberkey: externaluseridentifier");
    expect(forPeople(await command("describe", "data", "people"))).toMatch(/^email +text/m);
  });

  test("a plan shows values, a run its counts and what is wrong with rows", async () => {
    await bench.person("POST", "accounts", { name: "Nine", accountnumber: "F9" });
    const plan = forPeople(await command("plan"));
    expect(plan).toMatch(/Cleo/);
    expect(plan).toContain("too_long");
    const run = forPeople(await command("run"));
    expect(run).toMatch(/^people +3 +1 +0 +0 +1 +0 +1 +0/m);
    expect(run).toContain("sluice rejected");
    const causes = forPeople(await command("rejected"));
    expect(causes).toMatch(/1 row rejected: lastname too_long/);
    expect(causes).toContain("tried again when its source row");
    const rejected = forPeople(await command("rejected", "--rows"));
    expect(rejected).toMatch(/people +2 +rejected +lastname +too_long/);
    expect(rejected).toContain("51 characters");
    expect(forPeople(await command("runs", "--limit", "1"))).toMatch(/people +run +finished .*1 created/);
    expect(forPeople(await command("verify"))).toMatch(/^all +3 +0$/m);
  });

  test("a fault is one sentence, where it lies and what to do", async () => {
    bench.write("syncs/people.yaml", peopleSync({ mapping: { lastnaem: "name" } }));
    const ended = await command("run", "people");
    expect(ended.status).toBe(2);
    expect(forPeople(ended)).toBe("");
    expect(ended.stderr).toMatch(
      /error: contact has no column lastnaem\. \(unknown_target\)\n {2}at .*syncs\/people\.yaml:1\n {2}Did you mean lastname/,
    );
  });
});

describe("what is named wrong, or cannot go on, says so by its name", () => {
  test.each([
    ["undo", "nope"],
    ["changes", "nope"],
    ["run", "--plan", "nope"],
  ])("%s of a run that is not there", async (...words) => {
    expect(await command(...words, "--json")).toMatchObject({ status: 3, last: { error: { code: "unknown_name" } } });
  });

  test("changes of a column that is not written", async () => {
    const { runs } = (await command("runs", "people", "--json")).last;
    const plan = runs.find((run: { kind: string; status: string }) => run.kind === "plan" && run.status === "finished");
    expect(await command("changes", plan.id, "--column", "lastnam", "--json")).toMatchObject({
      status: 2,
      last: { error: { code: "usage", message: expect.stringContaining("did you mean `lastname`?") } },
    });
  });

  test("pause and continue", async () => {
    await command("pause", "people");
    const { error } = (await command("run", "people", "--json")).last;
    expect(error).toMatchObject({ code: "paused", remedy: expect.stringContaining("`sluice continue people`") });
    expect(forPeople(await command("continue", "people"))).toContain("people may run again");
  });
});
