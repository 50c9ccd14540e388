import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { openLane } from "./lane.ts";
import { playHistory, policiesOf } from "./play.ts";
import { add, nothingPlayed, settlesLost } from "./played.ts";

// npm run chaos -- [--kills N] [--seed N] [--rows N] [--rate SHARE] [--history N] [--lanes N]
// [--control postgres]: JSON lines, the last one
// says what it comes to. The same seed plays the same histories; --history plays only one of them.

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: { kills: text, seed: text, rows: text, rate: text, history: text, lanes: text, control: text },
});
const number = (given: string | undefined, otherwise: number): number =>
  given === undefined ? otherwise : Number(given);
const kills = number(values.kills, 200);
const seed = number(values.seed, Date.now() % 1_000_000);
const rows = number(values.rows, 20_000);
const rate = number(values.rate, 0.05);
const lanes = number(values.lanes, Math.max(1, availableParallelism() - 1));

const control = values.control ?? "pglite";
if (!["pglite", "postgres"].includes(control)) throw new Error("--control is pglite or postgres");

const killsOfOne = 10;
const count = Math.max(1, Math.ceil(kills / killsOfOne));
const left = values.history === undefined ? Array.from({ length: count }, (_, i) => i) : [Number(values.history)];
const total = nothingPlayed();
const failed: number[] = [];
const report = (line: object) => console.log(JSON.stringify(line));

report({ chaos: "begins", seed, kills, rows, rate, control, histories: left.length });
const started = performance.now();
const seconds = (since: number) => Math.round((performance.now() - since) / 100) / 10;
await Promise.all(Array.from({ length: Math.min(lanes, left.length) }, work));
const wrong = settlesLost(total) ? undefined : "answers were lost, and no change was ever found done by reading";
report({ chaos: "ends", seed, ...total, failed, ...(wrong && { wrong }), seconds: seconds(started) });
const enough = total.killed >= (values.history === undefined ? kills : 0);
process.exitCode = failed.length === 0 && enough && !wrong ? 0 : 1;

async function work(): Promise<void> {
  const lane = await openLane({ postgres: control === "postgres" });
  try {
    for (let history = left.shift(); history !== undefined; history = left.shift()) {
      const begun = performance.now();
      const named = { history, ...policiesOf(history) };
      const one = Math.min(killsOfOne, kills - history * killsOfOne);
      try {
        const played = await playHistory(lane, { seed, rows, kills: Math.max(0, one), rate }, history, (line) =>
          report({ ...named, ...line }),
        );
        add(total, played);
        report({ ...named, ...played, seconds: seconds(begun) });
      } catch (thrown) {
        failed.push(history);
        report({
          ...named,
          wrong: (thrown as Error).message,
          again: `npm run chaos -- --seed ${seed} --kills ${kills} --rows ${rows} --rate ${rate} --control ${control} --history ${history}`,
        });
      }
    }
  } finally {
    await lane.close();
  }
}
