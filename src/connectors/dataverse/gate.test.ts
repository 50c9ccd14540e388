import { afterEach, expect, test, vi } from "vitest";
import { retryAfter, systemClock } from "./clock.ts";
import { newLane, openGate } from "./gate.ts";
import { openSession } from "./index.ts";
import { batchOf, contact, fakeClock, guid, type Reply, refusal, type Seen, type Stub, startStub } from "./stub.ts";
import type { Tokens } from "./token.ts";

let stub: Stub | undefined;
afterEach(() => stub?.close());

const tokens: Tokens = { get: async () => "t", close: async () => {} };

function gateOf(users: number, maxShut = 60_000) {
  const clock = fakeClock();
  const waits: number[] = [];
  const lanes = Array.from({ length: users }, () => newLane(tokens));
  const gate = openGate(lanes, { clock, maxShut, onWait: (until) => waits.push(until - clock.now()) });
  return { gate, clock, lanes, waits };
}

test("requests come in the order they asked, as soon as one returns", async () => {
  const { gate, clock } = gateOf(1);
  const order: number[] = [];
  const all = Array.from({ length: 6 }, async (_, i) => {
    const lane = await gate.enter("x", clock.now());
    order.push(i);
    return lane;
  });
  const first = await all[0]!;
  await Promise.all(all.slice(0, 4));
  expect(order).toEqual([0, 1, 2, 3]);
  gate.leave(first, { startedAt: clock.now() });
  await all[4];
  expect(order).toEqual([0, 1, 2, 3, 4]);
  gate.leave(first, { startedAt: clock.now() });
  await all[5];
});

test("several users share the load; while one is shut out the others go on", async () => {
  const { gate, clock, lanes } = gateOf(2);
  const taken = await Promise.all([1, 2, 3, 4].map(() => gate.enter("x", clock.now())));
  expect(lanes.map(({ limiter }) => limiter.running)).toEqual([2, 2]);
  expect(gate.atOnce()).toBe(8);
  for (const lane of taken)
    gate.leave(lane, { load: "spent", startedAt: 0, ...(lane === lanes[0] && { retryAfter: 30_000 }) });
  expect([await gate.enter("x", clock.now()), await gate.enter("x", clock.now())]).toEqual([lanes[1], lanes[1]]);
  expect(clock.pauses).toEqual([]);
});

test("all shut out: waits for the first that opens, and says so once it is long", async () => {
  const { gate, clock, lanes, waits } = gateOf(2);
  for (const [i, lane] of [await gate.enter("x", 0), await gate.enter("x", 0)].entries())
    gate.leave(lane, { load: "spent", startedAt: 0, retryAfter: 20_000 + i * 10_000 });
  expect(await gate.enter("x", clock.now())).toBe(lanes[0]);
  expect(clock.pauses).toEqual([20_000]);
  expect(waits).toEqual([20_000]);
});

test.each([-60_000, 30 * 24 * 3600_000])(
  "the machine's clock is set by %d ms: neither the next request nor a wait is any sooner or later for it",
  async (jump) => {
    const lane = newLane(tokens);
    const waits: number[] = [];
    const gate = openGate([lane], { clock: systemClock, maxShut: 60_000, onWait: (until) => waits.push(until) });
    const since = systemClock.now();
    const first = await gate.enter("x", since);
    gate.leave(first, { load: "well", startedAt: since - 400 });
    gate.leave(await gate.enter("x", since), { load: "spent", startedAt: since, retryAfter: 2300 });
    const set = Date.now;
    vi.spyOn(Date, "now").mockImplementation(() => set() + jump);
    try {
      await gate.enter("x", since);
      const took = systemClock.now() - since;
      expect(took).toBeGreaterThanOrEqual(2300);
      expect(took).toBeLessThan(10_000);
      expect(waits.map((until) => Math.abs(until - Date.now()) < 10_000)).toEqual([true]);
      const date = new Date(Date.now() + 20_000).toUTCString();
      expect(Math.abs(retryAfter(date, systemClock)! - 20_000)).toBeLessThan(2000);
    } finally {
      vi.restoreAllMocks();
    }
  },
);

test("a wait that the host does not allow is an error at once, with the time", async () => {
  const { gate, clock } = gateOf(1, 60_000);
  gate.leave(await gate.enter("x", 0), { load: "spent", startedAt: 0, retryAfter: 61_000 });
  await expect(gate.enter("x", clock.now())).rejects.toMatchObject({ code: "throttled", retryAfterMs: 61_000 });
  expect(clock.pauses).toEqual([]);
});

test("what another run was asked to wait is waited for, told once to each", async () => {
  const { gate, clock, lanes, waits } = gateOf(2);
  gate.share({ part: 1, shut: 20_000 });
  expect(await gate.enter("x", clock.now())).toBe(lanes[0]);
  expect([clock.pauses, waits]).toEqual([[20_000], [20_000]]);
  gate.share({ part: 1, shut: 9_000 });
  const open = lanes.map(({ limiter }) => limiter.openAt);
  gate.share({ part: 1, shut: 9_500 });
  expect(lanes.map(({ limiter }) => limiter.openAt)).toEqual(open);
});

test("one who waits for a place gets it as soon as the share grows", async () => {
  const { gate, clock } = gateOf(1);
  gate.share({ part: 0, shut: 0 });
  const lane = await gate.enter("x", clock.now());
  const next = gate.enter("x", clock.now());
  gate.share({ part: 0.5, shut: 0 });
  gate.leave(lane, { load: "well", startedAt: clock.now() });
  await next;
  expect(gate.atOnce()).toBe(2);
});

test("one who gives up waiting does not hold up the others", async () => {
  const { gate, clock } = gateOf(1);
  const lanes = await Promise.all([1, 2, 3, 4].map(() => gate.enter("x", clock.now())));
  const stop = new AbortController();
  const tired = gate.enter("x", clock.now(), stop.signal);
  const patient = gate.enter("x", clock.now());
  stop.abort(new Error("enough"));
  gate.leave(lanes[0]!, { startedAt: 0 });
  await expect(tired).rejects.toThrow("enough");
  await patient;
});

test("two application users of one connection: each signs in, both send, one that is throttled rests", async () => {
  const users = new Map<string, number>();
  const created = (r: Seen): Reply => ({ body: { Ids: JSON.parse(r.body).Targets.map(() => guid(1)) } });
  stub = await startStub(
    (r) => {
      const user = String(r.headers.authorization);
      users.set(user, (users.get(user) ?? 0) + 1);
      if (user.endsWith("t1")) return { ...refusal(429, "0x80072321"), headers: { "retry-after": "100" } };
      return created(r);
    },
    { token: (r) => ({ body: { expires_in: 3599, access_token: r.body.includes("client_id=one") ? "t1" : "t2" } }) },
  );
  const credentials = ["one", "two"].map((clientId) => ({ clientId, clientSecret: "s" }));
  const session = openSession({ ...stub.config, credentials }, { base: "." });
  const batches = Array.from({ length: 10 }, (_, i) => batchOf("create", [{}], i));
  const outcomes = await Promise.all(
    batches.map((batch) => session.write(contact, batch, new AbortController().signal)),
  );
  expect(outcomes.every((o) => o.status === "created")).toBe(true);
  expect(stub.signIns).toHaveLength(2);
  expect(users.get("Bearer t2")).toBe(10);
  // Those that were under way when it was told to rest, and none after that.
  expect(users.get("Bearer t1")).toBeLessThanOrEqual(4);
  await session.close();
});
