import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../in-process.ts";
import { peopleSync, useWorkbench } from "../workbench.ts";

/** A run that was broken off between its waves, or was about some rows, is resolved for what is left of just that. */

const bench = useWorkbench();
const row = (id: string, name: string, more = {}) => ({ id, name, email: `${id}@example.com`, ...more });
const people = (count: number, vip = "no") =>
  Array.from({ length: count }, (_, n) => row(`${n}`, `Name ${n}`, { vip }));
const refuses = (name: string) =>
  bench.control("POST", "plugins", { table: "contact", column: "lastname", equals: name, throws: `No ${name}.` });
/** From then on requests to `path` are asked to wait for longer than anybody has patience. */
const stopAt = (path: string, nth: number) =>
  bench.control(
    "POST",
    "faults",
    [0, 1, 2, 3].map((n) => ({ match: { method: "POST", path }, status: 429, retryAfter: 1800, nth: nth + n })),
  );
const members = async (list: string) =>
  ((await bench.person("GET", `lists(${list})/listcontact_association?$select=lastname`)).value as unknown[]).length;

async function withList(): Promise<string> {
  await bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: { list: "VIP" } } }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
  const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
  return list.listid as string;
}

async function brokenOff(path: string, nth = 1): Promise<string> {
  await stopAt(path, nth);
  await expect(bench.runImpatiently(60)).rejects.toMatchObject({ code: "throttled" });
  await bench.control("DELETE", "faults");
  return bench.latest();
}

test("skip accepts rows whose memberships alone are left, and they go with their next change", async () => {
  const list = await withList();
  bench.source("people", people(3));
  await bench.run();
  bench.source("people", people(3, "yes"));
  const skipped = await bench.resolve({ run: await brokenOff("AddListMembers"), how: "skip" });
  expect(skipped).toMatchObject({ excluded: 3, writes: 0 });
  expect(await bench.run()).toMatchObject({ writes: 0 });
  expect(await members(list)).toBe(0);
  bench.source("people", [row("0", "Other", { vip: "yes" }), ...people(3, "yes").slice(1)]);
  await bench.run();
  expect(await members(list)).toBe(1);
});

test("retry sends the memberships of records that were made before", async () => {
  const list = await withList();
  bench.source("people", people(3, "yes"));
  const done = await bench.resolve({ run: await brokenOff("AddListMembers"), how: "retry" });
  expect(done).toMatchObject({ writes: 3, excluded: 0 });
  expect(await members(list)).toBe(3);
});

test("retry: what was delivered has not moved", async () => {
  await bench.begin();
  bench.source("people", people(250));
  const run = await brokenOff("Multiple", 2);
  const written = (await bench.rows("contact")).length;
  const done = await bench.resolve({ run, how: "retry" });
  expect(done).toMatchObject({ created: 250 - written, excluded: 0, problems: [] });
  expect(written).toBeGreaterThan(0);
});

test("skip of a resend is about its rows alone", async () => {
  await bench.begin();
  await refuses("Evil");
  await refuses("Bad");
  bench.source("people", [row("1", "Evil"), row("2", "Bad"), row("3", "Dora")]);
  await bench.run();
  await bench.resend({ sync: "people", keys: ["1"] });
  expect(await bench.resolve({ run: bench.latest(), how: "skip" })).toMatchObject({ received: 1, excluded: 1 });
  await bench.control("DELETE", "plugins");
  await bench.run();
  await bench.run();
  expect((await bench.rows("contact")).map((each) => each.lastname).sort()).toEqual(["Bad", "Dora"]);
});

test.each(["restart", "retry"] as const)("%s of a resend that was broken off goes on with its rows", async (how) => {
  await bench.begin();
  await refuses("Evil");
  bench.source("people", [...Array.from({ length: 2500 }, (_, n) => row(`e${n}`, "Evil")), row("1", "Ann")]);
  await bench.run();
  await bench.control("DELETE", "plugins");
  const stop = new AbortController();
  const broken = inProcess({ project: bench.folder, variables: bench.sandbox.env }, (client) =>
    client.resend(
      { sync: "people", code: "0x80040265" },
      {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === "progress" && event.progress.phase === "deliver" && event.progress.done > 0) stop.abort();
        },
      },
    ),
  );
  await expect(broken).rejects.toMatchObject({ code: "interrupted" });
  const written = (await bench.rows("contact")).length;
  expect(written).toBeLessThan(2501);
  const done = await bench.resolve({ run: bench.latest(), how });
  expect(done).toMatchObject({ created: 2501 - written, excluded: 0 });
});

test("restart of a skip that died accepts its rows again", async () => {
  await bench.begin();
  bench.source("people", people(250));
  const run = await brokenOff("Multiple", 2);
  const written = (await bench.rows("contact")).length;
  expect(await bench.resolve({ run, how: "skip" })).toMatchObject({ excluded: 250 - written, writes: 0 });
  // As one is left that was killed right after its fold.
  const skip = bench.latest();
  rmSync(join(bench.folder, ".sluice/default/people/runs", skip, "done.json"));
  expect(await bench.resolve({ run: skip, how: "restart" })).toMatchObject({ writes: 0 });
});
