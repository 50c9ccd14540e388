import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, useWorkbench } from "../workbench.ts";

/** A run is paused, continued and stopped by other commands. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: null }));

/**
 * A run of 500 people that stands still after two requests, which made so many: how many rows a request has depends on
 * how long one takes.
 */
async function halfDone() {
  await bench.begin();
  bench.source("people", people(500));
  const match = { method: "POST", path: "Multiple" };
  await bench.control("POST", "faults", { match, nth: 3, times: 1_000_000, status: 429, retryAfter: 1 });
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "people", "--json");
  for (;;) {
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    const sent = requests.filter((each) => each.write);
    const done = sent.filter(({ status }) => status === 200);
    if (done.length === 2 && done.length < sent.length) return { run, made: done[0]!.rows + done[1]!.rows };
  }
}
const ask = async (...words: string[]) => (await sluice(bench, ...words, "--json").ended).last;
const statuses = async () => (await ask("runs")).runs.map((run: { status: string }) => run.status);
const counted = (made: number) => ({ received: 500, created: made, failed: 500 - made, writes: made });
/** What is left of it. */
const planned = (made: number) => ({ create: 500 - made, unchanged: made });
const rest = (made: number) => ({ received: 500, created: 500 - made, unchanged: made, writes: 500 - made });

test("pause: what was sent is settled and counted, nothing runs until it is continued, then the rest goes", async () => {
  const { run, made } = await halfDone();
  expect(await ask("pause", "people")).toEqual({ sync: "people", paused: true, running: true });
  const ended = await run.ended;
  expect(ended).toMatchObject({ status: 2, last: { error: { code: "paused" }, totals: counted(made) } });
  expect(await bench.rows("contact")).toHaveLength(made);
  await bench.control("DELETE", "faults");
  expect(await ask("run", "people")).toMatchObject({ error: { code: "paused" } });
  expect(await ask("stop", "people")).toEqual({ sync: "people", paused: true, running: false });
  expect(await ask("plan", "people")).toMatchObject({ totals: planned(made) });
  expect(await ask("continue", "people")).toEqual({ sync: "people", paused: false, running: false });
  expect(await bench.run("people")).toMatchObject(rest(made));
  expect(await bench.rows("contact")).toHaveLength(500);
  expect((await statuses()).slice(-1)).toEqual(["paused"]);
});

test("stop: the same, and the next run may begin at once", async () => {
  const { run, made } = await halfDone();
  expect(await ask("stop", "people")).toMatchObject({ paused: false, running: true });
  expect(await run.ended).toMatchObject({
    status: 130,
    last: { error: { code: "interrupted" }, totals: counted(made) },
  });
  await bench.control("DELETE", "faults");
  expect(await ask("plan", "people")).toMatchObject({ totals: planned(made) });
  expect(await bench.run("people")).toMatchObject(rest(made));
  expect((await statuses()).slice(-1)).toEqual(["interrupted"]);
});

test("what was sent before a pause cannot be settled: the fault is told, and the pause", async () => {
  const { run, made } = await halfDone();
  await bench.control("POST", "faults", { match: { method: "GET", path: "/contacts" }, times: 9, status: 403 });
  await ask("pause", "people");
  expect((await run.ended).last).toMatchObject({
    error: { code: "not_allowed" },
    others: [{ code: "paused", message: "The sync is paused." }],
  });
  expect(await statuses()).toEqual(["failed"]);
  await bench.control("DELETE", "faults");
  await ask("continue", "people");
  expect(await bench.run("people")).toMatchObject(rest(made));
});

test("stop: what is on its way is awaited, so that it is counted and nothing of it comes late", async () => {
  await bench.begin();
  bench.source("people", people(2000));
  await bench.run();
  bench.source(
    "people",
    people(2000).map((row) => ({ ...row, name: "Wrong" })),
  );
  // Two requests take long, and nothing else goes: however late the stop comes, the run has not ended.
  const match = { method: "POST", path: "Multiple" };
  await bench.control("POST", "faults", [
    { match, times: 2, latencyMs: 3000 },
    { match, nth: 3, times: 1_000_000, status: 429, retryAfter: 1 },
  ]);
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "people", "--json");
  while ((await bench.control<{ faults: unknown[] }>("GET", "faults")).faults.length === 2);
  await ask("stop", "people");
  const { status, last } = await run.ended;
  const sent = async () => (await bench.control<{ requests: Logged[] }>("GET", "requests")).requests;
  while ((await sent()).filter((each) => each.write && each.status !== 429).length < 2);
  await bench.control("DELETE", "faults");
  const wrong = (await bench.rows("contact")).filter(({ lastname }) => lastname === "Wrong");
  expect(status).toBe(130);
  expect(last.totals).toMatchObject({ updated: wrong.length, writes: wrong.length });
});
