import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Limiter, MOST, type News, newLimiter, returned, shared, started, wait } from "./limiter.ts";

const well = (startedAt: number, hint?: number): News => ({ load: "well", startedAt, hint });

/** A limiter with `running` requests under way, all started at `at`. */
function busy(limit: number, running: number, at = 0): Limiter {
  return { ...newLimiter(), limit, running, hint: 8, nextAt: at };
}

describe("how many at once", () => {
  test("begins with what the environment recommends, never with more than a user may have", () => {
    expect(returned(started(newLimiter(), 0), 5, well(0, 12)).limit).toBeCloseTo(12, 0);
    expect(returned(started(newLimiter(), 0), 5, well(0, 500)).limit).toBe(MOST);
  });

  test("grows by one a round, and only while the limit is used up", () => {
    let limiter = busy(8, 8);
    for (let i = 0; i < 8; i++) limiter = started(returned(limiter, 100, well(0)), 100);
    expect(limiter.limit).toBeGreaterThan(8.9);
    expect(limiter.limit).toBeLessThanOrEqual(9);
    const idle = busy(8, 2);
    expect(returned(idle, 100, well(0)).limit).toBe(8);
  });

  test("has its part of what one may have where others use the same user, and of what is recommended", () => {
    const half = { part: 0.5, shut: 0 };
    const limiter = shared(busy(40, 40), 0, half);
    expect(limiter.limit).toBe(26);
    expect(wait(limiter, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(returned({ ...limiter, running: 26 }, 5, well(0)).limit).toBe(26);
    expect(returned(started(shared(newLimiter(), 0, half), 0), 5, well(0, 12)).limit).toBeCloseTo(6, 0);
    expect(returned(busy(40, 26), 5, well(0)).limit).toBe(40);
    expect(shared(limiter, 0, { part: 1, shut: 0 })).toMatchObject({ limit: 26, most: MOST });
    expect(wait(shared(newLimiter(), 0, { part: 0, shut: 0 }), 0)).toBe(0);
  });

  test("is halved where the service has too much to do, once for all that ran then", () => {
    let limiter = busy(40, 40);
    for (let i = 0; i < 10; i++) limiter = returned(limiter, 100 + i, { load: "crowded", startedAt: 50 });
    expect(limiter.limit).toBe(20);
    expect(returned(limiter, 200, { load: "crowded", startedAt: 150 }).limit).toBe(10);
  });

  test("is cut less where five minutes' time is used up, and not below what is recommended", () => {
    const limiter = returned(busy(40, 40), 100, { load: "spent", startedAt: 50, retryAfter: 1000 });
    expect(limiter.limit).toBe(30);
    expect(returned(busy(9, 9), 100, { load: "spent", startedAt: 50 }).limit).toBe(8);
  });

  test("does not change by what says nothing of the load", () => {
    expect(returned(busy(8, 8), 100, { startedAt: 0 })).toMatchObject({ limit: 8, running: 7 });
  });
});

describe("when", () => {
  test("a full limit waits for a return", () => {
    expect(wait(busy(3, 3), 0)).toBe(Number.POSITIVE_INFINITY);
    expect(wait(busy(3.9, 3), 0)).toBe(Number.POSITIVE_INFINITY);
    expect(wait(busy(3, 2), 0)).toBe(0);
    expect(wait(busy(0.2, 0), 0)).toBe(0);
  });

  test("Retry-After shuts it, the longest counts, and a shorter one that comes later does not open it", () => {
    let limiter = returned(busy(8, 8), 1000, { load: "spent", startedAt: 0, retryAfter: 30_000 });
    limiter = returned(limiter, 1500, { load: "spent", startedAt: 0, retryAfter: 5_000 });
    expect(wait(limiter, 1500)).toBe(29_500);
    expect(wait(limiter, 31_000)).toBe(0);
  });

  test("requests start one after another, as fast as they end", () => {
    const limiter = { ...busy(10, 0), usual: 1000 };
    expect(wait(started(limiter, 500), 500)).toBe(100);
    expect(wait(started(newLimiter(), 500), 500)).toBe(0);
  });
});

test("whatever happens, there are at most 52 at once, at least one may go, and none while shut", () => {
  const step = fc.record({
    load: fc.constantFrom("well", "crowded", "spent", undefined),
    later: fc.integer({ min: 0, max: 60_000 }),
    retryAfter: fc.option(fc.integer({ min: 1, max: 90_000 }), { nil: undefined }),
    hint: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    begin: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let limiter = newLimiter();
      let now = 0;
      const starts: number[] = [];
      for (const { begin, later, ...news } of steps) {
        for (let i = 0; i < begin; i++) {
          const ms = wait(limiter, now);
          if (ms === Number.POSITIVE_INFINITY) break;
          expect(now + ms).toBeGreaterThanOrEqual(limiter.openAt);
          now += ms;
          limiter = started(limiter, now);
          starts.push(now);
        }
        expect(limiter.running).toBe(starts.length);
        expect(limiter.running).toBeLessThanOrEqual(MOST);
        now += later;
        const startedAt = starts.shift();
        if (startedAt !== undefined) limiter = returned(limiter, now, { ...news, startedAt });
        expect(limiter.limit).toBeGreaterThan(0);
        if (limiter.running === 0) expect(wait(limiter, now)).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    }),
  );
});
