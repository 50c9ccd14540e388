import { describe, expect, test } from "vitest";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** The way to Dynamics is bad: whatever is thrown, lost or cut short, the content ends right and nobody is there twice. */

const bench = useWorkbench();
const people = (count: number, name = "Name") =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `${name} ${n}`, email: `${n}@example.com` }));
const writes = { method: "POST", path: "Multiple" };
const reads = { method: "GET", path: "/contacts" };
const fault = (...rules: object[]) => bench.control("POST", "faults", rules);

/** Everybody of `expected` is there once, as they should be, and nobody else. */
async function expectContent(expected: ReturnType<typeof people>): Promise<void> {
  const there = (await bench.rows("contact")).map((row) => [
    row.externaluseridentifier,
    row.lastname,
    row.emailaddress1,
  ]);
  expect(there.sort()).toEqual(expected.map(({ id, name, email }) => [id, name, email]).sort());
}

test("asked to wait, briefly unavailable, an expired token: the run goes through as if nothing were", async () => {
  await bench.begin();
  bench.source("people", people(250));
  await fault(
    { match: writes, nth: 1, status: 429, retryAfter: 3 },
    { match: writes, nth: 2, status: 503 },
    { match: writes, nth: 3, status: 401 },
    { match: { method: "GET" }, nth: 1, status: 429, retryAfter: 1 },
    { match: reads, nth: 1, status: 401 },
    { match: reads, nth: 2, status: 503, retryAfter: 2 },
  );
  const ran = await bench.run();
  expect(ran).toMatchObject({ received: 250, created: 250, failed: 0, writes: 250 });
  expect((await bench.control<{ faults: unknown[] }>("GET", "faults")).faults).toEqual([]);
  await expectContent(people(250));
});

describe.each([
  ["with a key", true],
  ["without a key, by ids of our own", false],
])("%s", (_, keyed) => {
  test("answers are lost before and after the commit: what was written is found by reading, the rest goes next time", async () => {
    await bench.begin({}, { keyed });
    bench.source("people", people(400));
    await fault(
      { match: writes, nth: 1, resetAfter: true },
      { match: writes, nth: 2, truncate: true },
      { match: writes, nth: 3, resetBefore: true },
      { match: reads, nth: 1, truncate: true },
      { match: reads, nth: 2, resetBefore: true },
    );
    const first = await bench.runThroughFaults();
    expect(first.created + first.failed).toBe(400);
    expect(first.failed).toBe(100);
    for (const problem of first.problems) expect(problem).toMatchObject({ status: "failed", code: "unknown_answer" });
    const second = await bench.run();
    expect(second).toMatchObject({ received: 400, created: first.failed, unchanged: first.created, failed: 0 });
    await expectContent(people(400));
    expect(await bench.run()).toMatchObject({ unchanged: 400, writes: 0 });
  });

  test("the same while updating", async () => {
    await bench.begin({}, { keyed });
    bench.source("people", people(250));
    await bench.run();
    bench.source("people", people(250, "New"));
    await fault({ match: writes, nth: 1, resetAfter: true }, { match: writes, nth: 2, status: 500 });
    const first = await bench.runThroughFaults();
    expect(first.updated + first.failed).toBe(250);
    expect(first.failed).toBeGreaterThan(0);
    expect(await bench.run()).toMatchObject({ updated: first.failed, unchanged: first.updated, failed: 0 });
    await expectContent(people(250, "New"));
  });
});

describe("a proxy on the way says 503", () => {
  const page = { html: true, status: 503 };

  test.each(["create", "upsert"])(
    "after the commit: what was made (%s) is found by reading, and is the run's own",
    async (mode) => {
      await bench.begin({ "syncs/people.yaml": peopleSync({ mode }) });
      bench.source("people", people(20));
      await fault({ match: writes, nth: 1, ...page, committed: true });
      expect(await bench.run()).toMatchObject({ created: 20, rejected: 0, failed: 0, writes: 20 });
      expect(await bench.run()).toMatchObject({ unchanged: 20, rejected: 0, failed: 0, writes: 0 });
      await bench.undo({ run: (await bench.runs()).at(-1)!.id }, { deleteCreated: true });
      await expectContent([]);
    },
  );

  test("for a while, before anything was done: updates wait for its end, what was to be created goes next time", async () => {
    await bench.begin();
    bench.source("people", people(20));
    await fault({ match: writes, times: 2, ...page });
    expect(await bench.run()).toMatchObject({ created: 0, rejected: 0, failed: 20, writes: 0 });
    await bench.control("DELETE", "faults");
    expect(await bench.run()).toMatchObject({ created: 20, failed: 0, writes: 20 });
    await fault({ match: writes, nth: 1, ...page, committed: true }, { match: writes, nth: 2, ...page });
    bench.source("people", people(20, "New"));
    expect(await bench.runThroughFaults()).toMatchObject({ updated: 20, failed: 0, writes: 20 });
    await expectContent(people(20, "New"));
    expect(await bench.run()).toMatchObject({ unchanged: 20, writes: 0 });
  });
});

test.each([
  ["in bulk", {}],
  ["row by row", { concurrency: "strict" }],
])(
  "%s: a row that is too large even alone is rejected until it is smaller, and all others are written",
  async (_, how) => {
    await bench.begin({ "syncs/people.yaml": peopleSync(how) });
    bench.source("people", people(60));
    await bench.run();
    await fault({ match: { body: "Large" }, html: true, status: 413 });
    const large = { id: "0", name: "Large", email: "0@example.com" };
    bench.source("people", [large, ...people(60, "New").slice(1)]);
    const first = await bench.run();
    expect(first).toMatchObject({ updated: 59, rejected: 1, failed: 0, writes: 59 });
    expect(first.problems).toMatchObject([{ key: "0", code: "refused", message: expect.stringContaining("413") }]);
    expect(await bench.run()).toMatchObject({ unchanged: 59, rejected: 1, writes: 0 });
    bench.source("people", people(60, "New"));
    expect(await bench.run()).toMatchObject({ updated: 1, unchanged: 59, rejected: 0, writes: 1 });
    await expectContent(people(60, "New"));
  },
);

test("Dynamics falls over for good: the run says so, keeps what is settled, and the next one finishes", async () => {
  await bench.begin();
  bench.source("people", people(450));
  await fault(
    { match: { method: "GET", path: "deltatoken" }, status: 500 },
    { match: writes, nth: 2, resetAfter: true },
  );
  await expect(bench.runThroughFaults()).rejects.toMatchObject({ code: "destination_failed" });
  await bench.control("DELETE", "faults");
  expect(await bench.runThroughFaults()).toMatchObject({ received: 450, created: 0, failed: 0, unchanged: 450 });
  await expectContent(people(450));
});

test.each([
  ["is cut in a sign", `${"x".repeat(599)}😀 and more`],
  ["holds a NUL", "a\0b"],
])("a refusal whose text %s ends its run, and the history tells of it and goes on", async (_what, message) => {
  await bench.begin();
  bench.source("people", people(1));
  await bench.run();
  const before = (await bench.runs()).length;
  await fault({ match: reads, times: 99, status: 400, code: "0x80040265", message });
  bench.source("people", people(1, "Other"));
  await expect(bench.run()).rejects.toMatchObject({ code: "unexpected_answer" });
  const [failed, ...others] = await bench.runs();
  expect(failed).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message.slice(0, 1)) } });
  expect(others).toHaveLength(before);
  expect(failed!.error!.message.isWellFormed()).toBe(true);
  await bench.control("DELETE", "faults");
  expect(await bench.run()).toMatchObject({ updated: 1 });
  expect((await bench.runs())[0]).toMatchObject({ status: "finished" });
});
