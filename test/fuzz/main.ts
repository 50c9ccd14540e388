import { fire } from "./range.ts";

// npm run fuzz: CASES (default 100,000) and SEED (default: taken from the clock, and printed) by the environment.
const cases = Number(process.env.CASES ?? 100_000);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
console.log(`${cases} cases, SEED=${seed}`);
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
const { statuses, problems, ...outcome } = await fire(cases, seed, (done) => {
  if (done % 10_000 === 0) {
    console.log(
      `${done} after ${seconds().toFixed(0)} s, ${Math.round(done / seconds())} a second, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
    );
  }
});
console.log(`${outcome.cases} cases in ${seconds().toFixed(1)} s`);
console.log(
  [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${status}: ${count}`)
    .join(", "),
);
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
