import { afterAll, beforeAll, expect, test } from "vitest";
import { connectors } from "../../bench/faults/hasty.ts";
import { type Lane, openLane } from "../../bench/faults/lane.ts";
import { playSeed } from "../../bench/faults/play.ts";
import { runJob } from "../../src/engine/index.ts";

/** `npm run bench -- faults` in small: three days of changes through a line on which a fifth of all requests fails. */

let lane: Lane;
beforeAll(async () => {
  const signal = new AbortController().signal;
  lane = await openLane(() => ({
    start: (job, onProgress, stop) => runJob(job, { connectors, onProgress, signal: stop ?? signal }),
    prepare() {},
    close() {},
  }));
});
afterAll(() => lane?.close());

test("in the end everything is as if nothing had happened", { timeout: 300_000 }, async () => {
  const played = await playSeed(lane, { seed: 2, rows: 300, rate: 0.2, kills: 0 });
  expect(played.found).toEqual({ lost: [], doubled: [], different: [] });
});
