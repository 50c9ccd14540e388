import { describe, expect, test } from "vitest";
import { peopleSync, type SourceRow, useWorkbench } from "../workbench.ts";

/** The way to a marketing list, or to a many-to-many relationship, is bad: its members end right, whatever is lost or refused. */

const bench = useWorkbench();
const person = (n: number, vip = "yes"): SourceRow => ({
  id: `${n}`,
  name: `Name ${n}`,
  email: `${n}@example.com`,
  vip,
});
const people = (vip: (n: number) => boolean, count = 250) =>
  Array.from({ length: count }, (_, n) => person(n, vip(n) ? "yes" : "no"));
const fault = (...rules: object[]) => bench.control("POST", "faults", rules);

type Group = { into: object; make: () => Promise<string>; adds: string; removes: string };
const groups: Group[] = [
  {
    into: { list: "VIP" },
    make: async () => {
      const list = await bench.person("POST", "lists", { listname: "VIP", createdfromcode: 2, type: false });
      return `lists(${list.listid})/listcontact_association`;
    },
    adds: "AddListMembersList",
    removes: "$batch",
  },
  {
    into: { relationship: "contactleads_association", with: { subject: "Fair" } },
    make: async () => {
      const lead = await bench.person("POST", "leads", { subject: "Fair", lastname: "Fair" });
      return `leads(${lead.leadid})/contactleads_association`;
    },
    adds: "$batch",
    removes: "$batch",
  },
];
const begin = async (into: object) =>
  bench.begin({
    "syncs/people.yaml": peopleSync({ audiences: { vip: into }, leaveLimit: "100 %" }),
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
  });
const members = async (of: string): Promise<string[]> => {
  const { value } = await bench.person("GET", `${of}?$select=lastname`);
  return (value as { lastname: string }[]).map((row) => row.lastname).sort();
};
const names = (rows: SourceRow[]) => rows.flatMap((row) => (row.vip === "yes" ? [row.name!] : [])).sort();

describe.each(groups)("$into", ({ into, make, adds, removes }) => {
  test("answers to additions and removals are lost, before and after the commit, or cut short", async () => {
    await begin(into);
    const there = await make();
    const first = people(() => true);
    bench.source("people", first);
    const post = (path: string) => ({ method: "POST", path });
    await fault(
      { match: post(adds), nth: 1, resetAfter: true },
      { match: post(adds), nth: 2, status: 429, retryAfter: 2 },
      { match: post(adds), nth: 3, resetBefore: true },
    );
    const loaded = await bench.runThroughFaults();
    expect(loaded).toMatchObject({ received: 250, rejected: 0 });
    expect(loaded.failed).toBeGreaterThan(0);
    for (const problem of loaded.problems) expect(problem).toMatchObject({ status: "failed", code: "unknown_answer" });
    expect(await bench.run()).toMatchObject({ created: 0, updated: loaded.failed, failed: 0, writes: loaded.failed });
    expect(await members(there)).toEqual(names(first));

    const second = people((n) => n % 5 === 0);
    bench.source("people", second);
    await fault(
      { match: post(removes), nth: 1, truncate: true },
      { match: post(removes), nth: 2, resetBefore: true },
      { match: { method: "GET", path: "association" }, nth: 2, status: 503 },
    );
    const parted = await bench.runThroughFaults();
    expect(parted).toMatchObject({ received: 250 });
    expect(parted.failed).toBeGreaterThan(0);
    expect(await bench.run()).toMatchObject({ updated: parted.failed, writes: parted.failed, failed: 0 });
    expect(await members(there)).toEqual(names(second));
    expect(await bench.run()).toMatchObject({ unchanged: 250, writes: 0 });
    expect(await bench.verify()).toMatchObject({ differences: 0 });
  });
});

test.each([
  ["0x8004022e", "The marketing list VIP is locked now: unlock it"],
  ["0x8004033a", "The marketing list VIP is inactive now: activate it"],
  ["0x8004f701", "The marketing list VIP is dynamic now: make it a static one"],
])("a list that is %s in the middle of a run: its rows wait, all others go", async (code, why) => {
  const { into, make, adds } = groups[0]!;
  await begin(into);
  const there = await make();
  bench.source(
    "people",
    people((n) => n % 2 === 0, 20),
  );
  const refuses = { status: 400, code, message: "Not possible." };
  await fault({ match: { path: adds }, nth: 1, ...refuses });
  const first = await bench.runThroughFaults();
  expect(first).toMatchObject({ received: 20, created: 10, rejected: 10, failed: 0, writes: 20 });
  expect(first.problems[0]).toMatchObject({ code: "refused", message: expect.stringContaining(why) });
  expect(await members(there)).toEqual([]);
  expect(await bench.run()).toMatchObject({ updated: 10, unchanged: 10, rejected: 0, writes: 10 });
  expect(await members(there)).toHaveLength(10);
});
