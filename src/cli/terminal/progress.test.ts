import { expect, test } from "vitest";
import type { SyncEvent } from "../../api/index.ts";
import type { Phase } from "../../core/run.ts";
import type { Output } from "./output.ts";
import { progressView } from "./progress.ts";

function view(live: boolean) {
  const said: string[] = [];
  let clock = 0;
  const out = { live, note: (text: string) => said.push(text), redraw: (text: string) => said.push(text) };
  const show = progressView(out as unknown as Output, () => clock);
  const event = (phase: Phase, done: number, total?: number): SyncEvent => ({
    type: "progress",
    sync: "people",
    run: "r",
    progress: { phase, done, ...(total !== undefined && { total }) },
  });
  return { said, show, event, wait: (ms: number) => (clock += ms) };
}

test("piped: a line for each phase and the end, however often progress is told", () => {
  const { said, show, event } = view(false);
  for (const done of [0, 10, 20]) show(event("deliver", done, 20));
  show(event("readback", 0));
  show({ type: "finished", sync: "people", run: "r" });
  expect(said).toEqual(["people: sending", "people: reading back", "people: done"]);
});

test("waits are told with their end: once in a log, and on a screen instead of the rate", () => {
  for (const live of [false, true]) {
    const { said, show, event } = view(live);
    const sending = event("deliver", 10, 20);
    if (sending.type !== "progress") throw new Error("no progress");
    const until = new Date(2027, 0, 31, 10, 32, 10).getTime();
    show(sending);
    for (const later of [0, 3]) show({ ...sending, progress: { ...sending.progress, until: until + later } });
    const wait = "people: waits until 10:32:10, as the destination asks";
    expect(said).toEqual(live ? ["people: sending  10 of 20 rows", wait, wait] : ["people: sending", wait]);
  }
});

test("on a screen: rows, rate and time left, counted from the phase's beginning", () => {
  const { said, show, event, wait } = view(true);
  show(event("extract", 5000));
  wait(9000);
  show(event("deliver", 1000, 5000));
  wait(2000);
  show(event("deliver", 3000, 5000));
  expect(said).toEqual([
    "people: reading the source  5,000 rows",
    "people: sending  1,000 of 5,000 rows",
    "people: sending  3,000 of 5,000 rows  1,000 rows/s  2.00 s left",
  ]);
});

test("a phase without rows says its name alone, and no rate is made of nothing", () => {
  const { said, show, event, wait } = view(true);
  show(event("plan", 0));
  wait(1000);
  show(event("plan", 0));
  expect(said).toEqual(["people: planning", "people: planning"]);
});
