import { expect, test } from "vitest";
import { type Figures, started } from "./figures.ts";
import { charge, type Entry, enter, leave, newUsage, type Refusal, remaining } from "./window.ts";

// Everything here: dataverse.md section 9 and api-limits.md.
const { figures } = started({ profile: "documented" });
const START = 1_700_000_000_000;
const MINUTE = 60_000;

function send(usage: ReturnType<typeof newUsage>, now: number, of: Figures = figures, ms = 0): Refusal | undefined {
  const entered = enter(usage, of, now);
  if ("facet" in entered) return entered;
  charge(usage, entered as Entry, ms);
  leave(usage);
  return undefined;
}

test("6000 requests in 300 seconds come in, the next one does not before the first leaves the window", () => {
  const usage = newUsage();
  for (let n = 0; n < 6000; n++) expect(send(usage, START + n)).toBeUndefined();
  expect(send(usage, START + MINUTE)).toEqual({ facet: "requests", retryAfterMs: 4 * MINUTE });
  expect(send(usage, START + 5 * MINUTE)).toBeUndefined();
});

test("the window slides: a steady 20 a second is never refused", () => {
  const usage = newUsage();
  for (let n = 0; n < 20_000; n++) expect(send(usage, START + n * 50)).toBeUndefined();
  expect(usage.entries.length).toBeLessThan(13_000);
});

test("20 minutes of execution time within the window are the most, however few requests they are", () => {
  const usage = newUsage();
  for (let n = 0; n < 10; n++) expect(send(usage, START + n * 1000, figures, 2 * MINUTE)).toBeUndefined();
  const refused = send(usage, START + 10_000);
  expect(refused).toEqual({ facet: "time", retryAfterMs: 290_000 });
  expect(remaining(usage, figures, START + 10_000)).toEqual({ requests: 5990, ms: 0 });
  expect(send(usage, START + 300_000)).toBeUndefined();
});

test("more than 52 at a time are refused at once, and one that ends makes room", () => {
  const usage = newUsage();
  for (let n = 0; n < 52; n++) expect(enter(usage, figures, START)).toHaveProperty("ms");
  expect(enter(usage, figures, START)).toEqual({ facet: "concurrency", retryAfterMs: 1000 });
  expect(enter(usage, figures, START)).toEqual({ facet: "concurrency", retryAfterMs: 2000 });
  leave(usage);
  expect(enter(usage, figures, START)).toHaveProperty("ms");
});

test("pushing moves the end away, by a fifth of the window at most; whoever then waits comes in", () => {
  const usage = newUsage();
  const few = { ...figures, requests: 2 };
  send(usage, START, few);
  send(usage, START, few);
  const told = [1, 2, 3, 4].map((second) => send(usage, START + second * 1000, few)!.retryAfterMs);
  expect(told).toEqual([299_000, 303_000, 307_000, 311_000]);
  for (let second = 5; second < 200; second++) send(usage, START + second * 1000, few);
  const { retryAfterMs } = send(usage, START + 200_000, few)!;
  expect(retryAfterMs).toBe(160_000);
  expect(send(usage, START + 200_000 + retryAfterMs, few)).toBeUndefined();
});

// The step and the ceiling are ours: the section says only that pushing lengthens Retry-After.
test("every push counts, also at one moment", () => {
  const usage = newUsage();
  const one = { ...figures, requests: 1 };
  send(usage, START, one);
  const told = Array.from({ length: 30 }, () => send(usage, START, one)!.retryAfterMs / 1000);
  expect(told.slice(0, 4)).toEqual([300, 305, 310, 315]);
  expect(told.slice(12)).toEqual(Array(18).fill(360));
});

test("many workers who each obey their Retry-After all come in again", () => {
  const usage = newUsage();
  const few = { ...figures, requests: 8 };
  const due = Array.from({ length: 16 }, (_, n) => START + n * 700);
  const done = due.map(() => 0);
  for (let step = 0; step < 2000; step++) {
    const worker = due.indexOf(Math.min(...due));
    const refused = send(usage, due[worker]!, few);
    if (!refused) done[worker]!++;
    due[worker]! += refused ? Math.ceil(refused.retryAfterMs / 1000) * 1000 : 100;
  }
  expect(Math.min(...done)).toBeGreaterThan(0);
});

test("a shorter window and a higher speed both shorten the wait", () => {
  for (const quick of [
    { ...figures, requests: 1, windowSeconds: 5 },
    { ...figures, requests: 1, speed: 60 },
  ]) {
    const usage = newUsage();
    send(usage, START, quick);
    expect(send(usage, START, quick)).toEqual({ facet: "requests", retryAfterMs: 5000 });
    expect(send(usage, START + 5000, quick)).toBeUndefined();
  }
});
