import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, useWorkbench } from "../workbench.ts";

/** A first read of ten pages, whose process is killed after eight. */

const bench = useWorkbench();
const COUNT = 46_000;
const contacts = Array.from({ length: COUNT }, (_, n) => ({ externaluseridentifier: `s${n}`, lastname: `L${n}` }));

const pagesRead = async () => {
  const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
  const reads = requests.filter(
    ({ method, path, status }) => method === "GET" && /\/contacts\?/.test(path) && status === 200,
  );
  return reads.map(({ path }) => /modifiedon|skiptoken|deltatoken/.exec(path)?.[0] ?? "first");
};

test("the next run reads the rest and what has changed since; the one after it everything, and finds what was deleted", async () => {
  await bench.begin();
  await bench.control("POST", "seed", { table: "contact", rows: contacts });
  const [changed, deleted] = (await bench.rows("contact")).filter((r) => r.lastname === "L2" || r.lastname === "L3");
  bench.source("people", [
    { id: "s1", name: "L1", email: "" },
    { id: "s2", name: "L2", email: "" },
    { id: "s3", name: "L3", email: "" },
    { id: "new", name: "New", email: "" },
  ]);
  await bench.control("POST", "clock", { advance: "30m" }); // none of them was changed just before
  await bench.control("POST", "faults", {
    match: { path: "skiptoken" },
    nth: 8,
    times: 1_000_000,
    status: 429,
    retryAfter: 1,
  });
  const run = sluice(bench, "run", "--json");
  const kept = join(bench.folder, ".sluice", "default", "people", "reading", "table", "reading.json");
  let early: string | undefined;
  run.ended.then((how) => {
    early = how.stdout + how.stderr;
  });
  while (!existsSync(kept)) {
    await bench.control("GET", "requests");
    expect(early, "the command ended early").toBeUndefined();
  }
  run.kill();
  await run.ended;
  await bench.control("DELETE", "faults");

  await bench.person("PATCH", `contacts(${changed!.contactid})`, { lastname: "By hand" });
  await bench.person("POST", "contacts", { externaluseridentifier: "new", lastname: "New" });
  await bench.person("DELETE", `contacts(${deleted!.contactid})`);

  const next = await bench.run();
  expect(await pagesRead()).toEqual(["skiptoken", "skiptoken", "modifiedon", "deltatoken"]);
  expect(next).toMatchObject({ received: 4, created: 0, updated: 1, unchanged: 3, writes: 1 });
  expect(existsSync(kept)).toBe(false);

  const last = await bench.run();
  expect(await pagesRead()).toEqual(["first", ...Array(9).fill("skiptoken")]);
  expect(last).toMatchObject({ received: 4, unchanged: 3, excluded: 1, writes: 0 });
  expect(last.problems).toMatchObject([{ key: "s3", code: "deleted_there" }]);
  await bench.run();
  expect(await pagesRead()).toEqual(["deltatoken"]);
});
