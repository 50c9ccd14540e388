import { expect, test } from "vitest";
import type { Client } from "../../src/api/index.ts";
import { inProcess } from "../in-process.ts";
import { useWorkbench } from "../workbench.ts";

/** Decisions about runs that had nothing to do, or of which nothing is left to be done. */

const bench = useWorkbench();
const row = (id: string, name: string) => ({ id, name, email: `${id}@example.com` });

test("a resend that finds no row stands in nobody's way, and what is said of it names the run that has waiting rows", async () => {
  await bench.begin();
  bench.source("people", [row("1", "Ana"), row("2", "x".repeat(60))]);
  await bench.run();
  const run = bench.latest();
  await expect(bench.resend({ sync: "people", keys: ["424242"] })).rejects.toMatchObject({ code: "nothing_waits" });
  for (const how of ["retry", "skip", "restart"] as const)
    await expect(bench.resolve({ run: bench.latest(), how })).rejects.toMatchObject({
      code: "not_resolvable",
      message: expect.stringContaining("left no row that waits"),
      remedy: expect.stringContaining(`\`sluice resolve ${run} ${how}\``),
    });
  expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ received: 1, excluded: 1, writes: 0 });
});

test("the same of a run that was broken off before it", async () => {
  await bench.begin();
  bench.source(
    "people",
    Array.from({ length: 250 }, (_, n) => row(`${n}`, `Name ${n}`)),
  );
  const fault = { match: { method: "POST", path: "Multiple" }, status: 429, retryAfter: 1800 };
  await bench.control(
    "POST",
    "faults",
    [2, 3, 4, 5].map((nth) => ({ ...fault, nth })),
  );
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  const run = bench.latest();
  const written = (await bench.rows("contact")).length;
  await expect(bench.resend({ sync: "people", keys: ["424242"] })).rejects.toMatchObject({ code: "nothing_waits" });
  expect(await bench.resolve({ run, how: "retry" })).toMatchObject({ created: 250 - written, excluded: 0 });
});

test("retry of an applied plan: rows that moved keep that reason, and where nothing else is left it names run", async () => {
  await bench.begin();
  await bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: "Evil", throws: "No." });
  bench.source("people", [row("1", "Ana"), row("2", "Evil"), row("3", "Cleo")]);
  const { plans } = await bench.plan();
  bench.source("people", [row("1", "Anna"), row("2", "Evil"), row("3", "Cleo")]);
  const apply = (client: Client) => client.run({ plan: plans[0]!.run, maxMoved: 1 });
  const { totals } = await inProcess({ project: bench.folder, variables: bench.sandbox.env }, apply);
  expect(totals).toMatchObject({ created: 1, excluded: 1, rejected: 1 });
  const refused = await bench.resolve({ run: bench.latest(), how: "retry" });
  expect(refused.problems.map(({ key, code }) => [key, code])).toEqual([
    ["1", "moved"],
    ["2", "refused"],
  ]);

  await bench.control("DELETE", "plugins");
  expect(await bench.resolve({ run: bench.latest(), how: "retry" })).toMatchObject({ created: 1, excluded: 1 });
  const last = bench.latest();
  await expect(bench.resolve({ run: last, how: "retry" })).rejects.toMatchObject({
    code: "not_resolvable",
    message: expect.stringContaining("nothing of its plan left to send"),
    remedy: expect.stringContaining("`sluice run people`"),
  });
  expect(bench.latest()).toBe(last);
  expect(await bench.run()).toMatchObject({ created: 1, unchanged: 2, excluded: 0 });
});
