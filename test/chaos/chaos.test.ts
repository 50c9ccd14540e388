import { afterAll, beforeAll, expect, test } from "vitest";
import { requestsOf } from "./day.ts";
import { afterDay, beforehand, contentOf, difference, linesOf } from "./expected.ts";
import { lateWrites, type Passing, type Stage } from "./gate.ts";
import { type Lane, openLane } from "./lane.ts";
import { playHistory } from "./play.ts";
import { sameAs } from "./same-as.ts";
import { filesOf, firstDay } from "./source.ts";

/** A slice of `npm run chaos`. SEED=n plays others. */
const seed = Number(process.env.SEED ?? 20261121);
const patient = { timeout: 600_000 };

let lane: Lane;
beforeAll(async () => {
  lane = await openLane();
});
afterAll(() => lane?.close());

test("ten kills in days of changes, some through faults: Dynamics holds what the model says", patient, async () => {
  const played = await playHistory(lane, { seed, rows: 200, kills: 10, rate: 0.05 }, 0, () => {});
  expect(played.killed).toBeGreaterThanOrEqual(10);
  expect(played.journals_deleted).toBeGreaterThan(0);
  expect(played.undone).toBeGreaterThan(0);
});

const rows = 700;

/** The next run waits with this request until the late ones are there. */
const at = (kind: string, n: number) => (passing: Passing, stage: Stage) =>
  passing.kind === kind && passing.n === n && stage === "arrived";

test.each([
  ["is about to write first", true, at("write", 1)],
  ["is about to write first", false, at("write", 1)],
  ["reads back", false, at("read", 5)],
] as const)("what a dead run had sent arrives when the next one %s, keyed %s", patient, async (_when, keyed, now) => {
  await lane.begin({ keyed, onLeave: "nothing", mirror: "auto" });
  const source = firstDay(seed, rows);
  const empty = { ...beforehand(source), contacts: new Map(), accounts: source.firms.map(() => "") };
  await lane.control("seed", { table: "list", rows: [{ listname: "VIP", createdfromcode: 2, type: false }] });
  lane.source(filesOf(source));
  await lane.command("run", "firms");
  await lane.control("requests/clear", {});
  const late = lateWrites(3, 4);
  const kill = { moment: { at: "request", kind: "write", n: late.to, stage: "arrived" }, victim: "group" } as const;
  const dead = await lane.killed(["run", "people"], kill, 0, late);
  expect(dead.killed).toBe(true);
  lane.gate.watch(async (passing, stage) => {
    if (now(passing, stage)) await late.letGo();
    return undefined;
  });
  const { result } = await lane.command("run", "people");
  await late.letGo();
  const { needed, ...expected } = afterDay(empty, source, "nothing");
  expect(result.totals).toMatchObject({ received: rows, excluded: 0, rejected: needed.rejected });
  // Who was made while this run wanted to make them is met by the next, and joins the list then.
  const told = await lane.command("rejected", "people", "--rows");
  const left = (told.result as { rows: { key: string; status: string }[] }).rows.filter((r) => r.status === "failed");
  expect(left).toHaveLength(result.totals!.failed);
  const joins = left.filter(({ key }) => source.people.find(({ n }) => `${n}` === key)!.vip);
  const next = await lane.command("run", "people");
  expect(next.result.totals).toMatchObject({ created: 0, writes: joins.length, failed: 0 });
  await sameAs(lane, expected);
  const written = (await requestsOf(lane)).rows;
  expect(written, "each is written once, by whichever run").toBe(needed.writes - source.firms.length);
});

test("a record that is lost, there twice, not asked for or different is told", () => {
  const row = (n: number, lastname: string) => ({ externaluseridentifier: `${n}`, lastname, statecode: 0 });
  const content = (...contact: object[]) => contentOf({ contact: contact as never, account: [], listmember: [] });
  const wanted = content(row(1, "same"), row(2, "lost"), row(3, "doubled"), row(4, "other"));
  const found = content(row(1, "same"), row(3, "doubled"), row(3, "doubled"), row(4, "wrong"), row(5, "extra"));
  expect(difference(found, wanted)).toEqual({
    lost: ["contact 2"],
    doubled: ["contact 3", "contact 5"],
    different: [expect.stringMatching(/^contact 4: .*wrong.*other/)],
  });
});

test("the model knows what a day does", () => {
  const person = { n: 7, version: 0, firm: 0, vip: true, quiet: true, sound: true };
  const day = (people: (typeof person)[]) => ({ day: 1, people, gone: [], firms: [0] });
  const first = afterDay(beforehand(day([person])), day([person]), "clear");
  expect(first.needed).toEqual({ writes: 3, states: 0, rejected: 0 });
  expect([...linesOf(first).keys()]).toEqual(["contact 7", "account F0"]);
  expect(afterDay(first, day([]), "clear").contacts.get(7)).toEqual({
    jobtitle: "Known",
    department: "exited",
    active: true,
    member: false,
    linked: true,
  });
  expect(afterDay(first, day([]), "deactivate").needed).toEqual({ writes: 3, states: 1, rejected: 0 });
  expect(afterDay(first, day([]), "delete").contacts.size).toBe(0);
});
