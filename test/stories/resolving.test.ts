import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** What a person decides about a run that did not do all it was to do. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));
const evil = { table: "contact", column: "lastname", equals: "Evil", throws: "No." };

test("skip: refused rows are accepted as they are until their source row changes; who and when is kept", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", evil);
  const rows = people(3);
  rows[1]!.name = "Evil";
  bench.source("people", rows);
  const first = await bench.run();
  expect(first).toMatchObject({ created: 2, rejected: 1 });
  const run = first.problems[0]!.run;
  const skipped = await bench.resolve({ run, how: "skip" });
  expect(skipped).toMatchObject({ received: 1, excluded: 1, rejected: 0, writes: 0 });
  expect(skipped.log).toEqual([]);
  expect(skipped.problems).toMatchObject([{ key: "1", status: "excluded", code: "skipped" }]);
  expect(skipped.problems[0]!.message).toMatch(/skipped by Ana on 20\d\d-/);
  const noted = readFileSync(join(bench.folder, ".sluice", "runs.ndjson"), "utf8")
    .split("\n")
    .at(-1)!;
  const resolution = { how: "skip", by: "Ana", at: expect.any(String), run: bench.latest() };
  expect(JSON.parse(noted)).toEqual({ type: "resolved", id: run, resolution });

  await bench.control("DELETE", "plugins");
  for (let n = 0; n < 2; n++)
    expect(await bench.run()).toMatchObject({ received: 3, unchanged: 2, excluded: 1, rejected: 0, writes: 0 });
  await expect(bench.resolve({ run, how: "skip" })).rejects.toMatchObject({ code: "not_resolvable" });
  rows[1]!.name = "Eve";
  bench.source("people", rows);
  const last = await bench.run();
  expect(last).toMatchObject({ created: 1, unchanged: 2, excluded: 0, writes: 1 });
  await expect(bench.resolve({ run: bench.latest(), how: "restart" })).rejects.toThrow("left no row that waits");
});

test("skip and restart of a run that Dynamics stopped midway", async () => {
  await bench.begin();
  bench.source("people", people(300));
  const halfAnHour = { match: { method: "POST", path: "Multiple" }, status: 429, retryAfter: 1800 };
  const stop = (from: number) =>
    bench.control(
      "POST",
      "faults",
      [0, 1, 2, 3].map((n) => ({ ...halfAnHour, nth: from + n })),
    );
  await stop(2);
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  const failed = bench.latest();
  const written = (await bench.rows("contact")).length;
  expect(await bench.resolve({ run: failed, how: "skip" })).toMatchObject({
    received: 300,
    unchanged: written,
    excluded: 300 - written,
    writes: 0,
  });
  expect(await bench.run()).toMatchObject({ unchanged: written, excluded: 300 - written, writes: 0 });

  // What was skipped is sent when somebody asks for it; that run is stopped, too, and begun anew.
  await stop(1);
  await expect(bench.resend({ sync: "people", code: "skipped", maxWait: 60 })).rejects.toMatchObject({
    code: "throttled",
  });
  await bench.control("DELETE", "faults");
  expect(await bench.resolve({ run: bench.latest(), how: "restart" })).toMatchObject({
    received: 300 - written,
    created: 300 - written,
  });
  expect(await bench.rows("contact")).toHaveLength(300);
});

test("retry: the rest of the same plan, under the configuration that it was made with", async () => {
  await bench.begin();
  bench.source("people", people(250));
  const fault = { match: { method: "POST", path: "Multiple" }, status: 429, retryAfter: 1800 };
  await bench.control(
    "POST",
    "faults",
    [2, 3, 4].map((nth) => ({ ...fault, nth })),
  );
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  const written = (await bench.rows("contact")).length;
  const persons = { model: "persons", mapping: { emailaddress1: { value: "none@example.com" } } };
  bench.write("syncs/people.yaml", peopleSync(persons));
  renameSync(join(bench.folder, "models/people.yaml"), join(bench.folder, "models/persons.yaml"));
  bench.source("people", [...people(250), { id: "new", name: "New", email: "new@example.com" }]);
  expect(await bench.resolve({ run: bench.latest(), how: "retry" })).toMatchObject({
    created: 250 - written,
    failed: 0,
  });
  const there = await bench.rows("contact");
  expect(there.map((one) => one.emailaddress1)).not.toContain("none@example.com");
  expect(there).toHaveLength(250);
});

test("skip of a run that a guard stopped: what it was about stays as it is there", async () => {
  await bench.begin({ "syncs/people.yaml": peopleSync({ onLeave: "delete", allowDelete: true, leaveLimit: 1 }) });
  bench.source("people", people(5));
  await bench.run();
  bench.source("people", [...people(2), { id: "9", name: "New", email: "9@example.com" }]);
  await expect(bench.run()).rejects.toMatchObject({ code: "too_many_leaves" });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({
    excluded: 4,
    deleted: 0,
    writes: 0,
  });
  expect(await bench.run()).toMatchObject({ unchanged: 2, excluded: 4, created: 0, deleted: 0, writes: 0 });
  expect(await bench.rows("contact")).toHaveLength(5);
});

test("a plan or an undo that failed before it began is not sent as a run", async () => {
  await bench.begin();
  bench.source("people", people(1));
  await bench.run();
  const first = bench.latest();
  bench.source("people", [{ ...people(1)[0]!, name: "Other" }]);
  await bench.control("POST", "app", { state: "noRole" });
  await expect(bench.plan("people")).rejects.toMatchObject({ code: "not_allowed" });
  await expect(bench.undo({ run: first })).rejects.toMatchObject({ code: "not_allowed" });
  await bench.control("POST", "app", { state: "active" });
  const [undo, plan] = await bench.runs();
  expect([undo!.kind, plan!.kind]).toEqual(["undo", "plan"]);
  for (const { id, kind } of [undo!, plan!])
    await expect(bench.resolve({ run: id, how: "restart" })).rejects.toMatchObject({
      code: "not_resolvable",
      message: expect.stringContaining(`is a ${kind}`),
    });
  expect((await bench.rows("contact")).map(({ lastname }) => lastname)).toEqual(["Name 0"]);
});
