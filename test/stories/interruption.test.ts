import { expect, test } from "vitest";
import { sluice } from "../sluice-process.ts";
import { type Logged, useWorkbench } from "../workbench.ts";

/** Commands that meet each other, and commands that are stopped. */

const bench = useWorkbench();
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${n}`, name: `Name ${n}`, email: `${n}@example.com` }));

/** From the nth write on Dynamics asks to wait a second, again and again, until it is let go. */
const holdFromWrite = (nth: number) =>
  bench.control("POST", "faults", {
    match: { method: "POST", path: "Multiple" },
    nth,
    times: 1_000_000,
    status: 429,
    retryAfter: 1,
  });
const letGo = () => bench.control("DELETE", "faults");

/** Looks at the sandbox's log until it `holds`; a command that ends before that is a failure. */
async function until({ ended }: ReturnType<typeof sluice>, holds: (log: Logged[]) => boolean): Promise<void> {
  let early: string | undefined;
  ended.then((how) => {
    early = how.stdout + how.stderr;
  });
  for (;;) {
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    if (holds(requests)) return;
    expect(early, "the command ended early").toBeUndefined();
  }
}

test("Ctrl-C in the middle: status 130, what was sent is settled, the next run does the rest", async () => {
  await bench.begin();
  bench.source("people", people(500));
  await holdFromWrite(3);
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "--json");
  // How many rows a request has depends on how long one takes.
  let made = 0;
  await until(run, (log) => {
    const sent = log.filter((each) => each.write);
    const done = sent.filter(({ status }) => status === 200);
    made = done.reduce((sum, { rows }) => sum + rows, 0);
    return done.length === 2 && sent.some(({ status }) => status === 429);
  });
  run.interrupt();
  const ended = await run.ended;
  expect(ended).toMatchObject({ status: 130, last: { error: { kind: "interrupted", code: "interrupted" } } });
  expect(ended.stderr).not.toMatch(/\n\s+at \S.*:\d+:\d+/);
  expect(await bench.rows("contact")).toHaveLength(made);
  await letGo();

  const next = await sluice(bench, "run", "--json").ended;
  expect(next).toMatchObject({
    status: 0,
    last: { totals: { received: 500, created: 500 - made, unchanged: made, failed: 0 } },
  });
  expect(new Set((await bench.rows("contact")).map((row) => row.externaluseridentifier)).size).toBe(500);
  expect(await bench.rows("contact")).toHaveLength(500);
});

test("a second process on the same state folder is refused, and told who works there; the first goes on", async () => {
  await bench.begin();
  bench.source("people", people(3));
  await holdFromWrite(1);
  await bench.control("POST", "requests/clear");
  const first = sluice(bench, "run", "--json");
  await until(first, (log) => log.some((each) => each.write));
  for (const command of ["run", "plan", "verify"]) {
    const second = await sluice(bench, command, "--json").ended;
    expect(second).toMatchObject({ status: 2, last: { error: { code: "state_locked" } } });
    expect(second.last.error.message).toMatch(/^Process \d+ \(sluice run/);
  }
  await letGo();
  expect(await first.ended).toMatchObject({ status: 0, last: { totals: { created: 3, writes: 3 } } });
});

test("stopped while it still reads: nothing was sent, nothing is lost", async () => {
  await bench.begin();
  bench.source("people", people(3));
  await bench.control("POST", "faults", { match: { path: "/contacts" }, status: 429, retryAfter: 1 });
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "--json");
  await until(run, (log) => log.some((each) => each.status === 429));
  run.interrupt();
  expect(await run.ended).toMatchObject({ status: 130, last: { error: { code: "interrupted" } } });
  await letGo();
  expect(await bench.run()).toMatchObject({ created: 3, writes: 3 });
});

test("people work in Dynamics between our plan and our writing: their deletion and their new record are respected", async () => {
  await bench.begin();
  const rows = people(3);
  bench.source("people", rows.slice(0, 2));
  await bench.run();
  const [first] = await bench.rows("contact");
  bench.source("people", [{ ...rows[0]!, name: "A" }, { ...rows[1]!, name: "B" }, rows[2]!]);
  await holdFromWrite(1);
  await bench.control("POST", "requests/clear");
  const run = sluice(bench, "run", "--json");
  await until(run, (log) => log.some((each) => each.write));
  await bench.person("DELETE", `contacts(${first!.contactid})`);
  await bench.person("POST", "contacts", { externaluseridentifier: "2", lastname: "By hand" });
  await letGo();
  const ended = await run.ended;
  expect(ended).toMatchObject({
    status: 1,
    last: { totals: { received: 3, created: 0, updated: 1, excluded: 1, failed: 1 } },
  });

  const next = await bench.run();
  expect(next).toMatchObject({ received: 3, created: 0, updated: 1, unchanged: 1, excluded: 1, failed: 0, writes: 1 });
  expect(next.problems).toMatchObject([{ key: "0", code: "deleted_there" }]);
  const there = (await bench.rows("contact")).map((row) => [row.externaluseridentifier, row.lastname]);
  expect(there).toEqual([
    ["1", "B"],
    ["2", "Name 2"],
  ]);
});
