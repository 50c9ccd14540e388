import type { PlanCounts, ProblemGroup, RunCounts, SampleChange } from "../../core/run.ts";
import { count, duration, shown, table } from "../terminal/table.ts";

/** What `sluice demo --json` prints last. Counts are summed over the example's syncs. */
export type DemoResult = {
  plan: Pick<PlanCounts, "create" | "adopt" | "update" | "unchanged" | "rejected">;
  first: RunCounts;
  unchanged: RunCounts;
  changed: RunCounts;
  verify: { checked: number; differences: number };
  seconds: number;
};

/** What must be true of the numbers, each as the sentence that says it is not. Empty: the demo holds. */
export function faultsOf(result: DemoResult, expectedWrites: number): string[] {
  const { plan, first, unchanged, changed, verify } = result;
  const faults: string[] = [];
  const expect = (holds: boolean, sentence: string) => {
    if (!holds) faults.push(sentence);
  };
  for (const [step, run] of Object.entries({ first, unchanged, changed })) {
    const outcomes = run.created + run.updated + run.deleted + run.unchanged + run.excluded + run.rejected + run.failed;
    expect(
      run.received === outcomes,
      `The ${step} run received ${run.received} rows, but has outcomes for ${outcomes}.`,
    );
    expect(run.failed === 0, `In the ${step} run ${run.failed} rows failed.`);
  }
  expect(first.created > 0, "The first load created nothing.");
  expect(first.created === plan.create, `The plan said ${plan.create} creates, the run made ${first.created}.`);
  expect(first.rejected === plan.rejected, `The plan said ${plan.rejected} rejects, the run had ${first.rejected}.`);
  expect(
    first.writes === first.created + first.updated,
    `The first load wrote ${first.writes} rows, but created ${first.created} and updated ${first.updated}.`,
  );
  expect(unchanged.writes === 0, `Nothing had changed, yet ${unchanged.writes} rows were written.`);
  expect(
    changed.writes === expectedWrites,
    `${expectedWrites} customers were changed or left, yet ${changed.writes} rows were written.`,
  );
  expect(
    verify.checked >= first.created,
    `Only ${verify.checked} of ${first.created} records were there to be verified.`,
  );
  expect(verify.differences === 0, `${verify.differences} values in Dynamics are not what was sent.`);
  return faults;
}

/** One line per step, numbers under their names. */
export function stepLines({ plan, first, unchanged, changed }: DemoResult): string[] {
  const planned = {
    received: plan.create + plan.adopt + plan.update + plan.unchanged + plan.rejected,
    created: plan.create,
    updated: plan.adopt + plan.update,
    unchanged: plan.unchanged,
    rejected: plan.rejected,
  };
  const line = (step: string, run: Partial<RunCounts>) => [
    step,
    ...columns.map((name) => (run[name] === undefined ? "" : count(run[name]))),
    run.seconds === undefined ? "" : duration(run.seconds),
  ];
  const rows = [
    line("plan, nothing sent", planned),
    line("first load", first),
    line("nothing changed", unchanged),
    line("50 changed, 20 left", changed),
  ];
  return table(["step", ...columns, "time"], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

const columns = ["received", "created", "updated", "unchanged", "rejected", "failed", "writes", "requests"] as const;

/** A change as people read it: its key, then each column with its new value, or old and new. */
export function sampleLines(sample: SampleChange): string[] {
  const isNew = sample.op === "create";
  const change = (old: string | null, now: string | null) => (isNew ? shown(now) : `${shown(old)} -> ${shown(now)}`);
  return [
    `  ${isNew ? "+" : "~"} ${sample.op} ${sample.key}`,
    ...sample.columns.map((column) => `      ${column.name}  ${change(column.old, column.new)}`),
  ];
}

/** Why rows were not sent, one line a cause, the most frequent first. */
export function causeLines(problems: readonly ProblemGroup[]): string[] {
  const rows = [...problems]
    .sort((a, b) => b.rows - a.rows)
    .map((group) => [count(group.rows), group.column ?? "", group.example]);
  return table(["rows", "column", "for example"], rows, [0]).map((text) => `  ${text}`);
}
