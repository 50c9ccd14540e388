import { afterAll, beforeAll, expect, test } from "vitest";
import { difference } from "../../bench/faults/content.ts";
import { connectors } from "../../bench/faults/hasty.ts";
import { type Lane, openLane } from "../../bench/faults/lane.ts";
import { playSeed } from "../../bench/faults/play.ts";
import { jobsHere } from "../in-process.ts";

/** `npm run bench -- faults` in small: three days of changes through a line on which a fifth of all requests fails. */

let lane: Lane;
beforeAll(async () => {
  lane = await openLane(() => jobsHere(connectors));
});
afterAll(() => lane?.close());

test("in the end everything is as if nothing had happened", { timeout: 300_000 }, async () => {
  const played = await playSeed(lane, { seed: 2, rows: 300, rate: 0.2, kills: 0 });
  expect(played.found).toEqual({ lost: [], doubled: [], different: [] });
  expect(played.throttled, "refused requests").toBeGreaterThan(0);
  expect(played.resolved, "lost answers").toBeGreaterThan(0);
});

test("a record that is lost, there twice, not asked for or different is told", () => {
  const wanted = { same: ["1"], lost: ["1"], doubled: ["1"], different: ["1"] };
  const found = { same: ["1"], doubled: ["1", "1"], different: ["2"], extra: ["1"] };
  expect(difference(new Map(Object.entries(found)), new Map(Object.entries(wanted)))).toEqual({
    lost: ["lost"],
    doubled: ["doubled", "extra"],
    different: ["different"],
  });
});
