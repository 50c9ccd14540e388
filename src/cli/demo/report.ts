import type { ProblemGroup } from "../../api/rejected.ts";
import type { PlanCounts, RunCounts, SampleChange } from "../../core/run.ts";

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

const columns = ["received", "created", "updated", "unchanged", "rejected", "failed", "writes", "requests"] as const;

/** One line per step, numbers under their names. */
export function table(result: DemoResult): string {
  const { plan } = result;
  const planned: Partial<Record<(typeof columns)[number], number>> = {
    received: plan.create + plan.adopt + plan.update + plan.unchanged + plan.rejected,
    created: plan.create,
    updated: plan.adopt + plan.update,
    unchanged: plan.unchanged,
    rejected: plan.rejected,
  };
  const cells = (run: Partial<RunCounts>) => [
    ...columns.map((name) => run[name]?.toLocaleString("en") ?? ""),
    run.seconds?.toFixed(2) ?? "",
  ];
  const lines = [
    ["", ...columns, "seconds"],
    ["plan (nothing sent)", ...cells(planned)],
    ["first load", ...cells(result.first)],
    ["nothing changed", ...cells(result.unchanged)],
    ["50 changed, 20 left", ...cells(result.changed)],
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const padded = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
  return padded.map((line) => line.trimEnd()).join("\n");
}

/** A change as people read it: key, then each column with its old and new value. */
export function sampleLines(sample: SampleChange): string[] {
  const sign = sample.op === "create" ? "+" : "~";
  return [
    `${sign} ${sample.key}`,
    ...sample.columns.map(({ name, old, new: now }) =>
      sample.op === "create" ? `    ${name}: ${shown(now)}` : `    ${name}: ${shown(old)} -> ${shown(now)}`,
    ),
  ];
}

const shown = (value: string | null) => (value === null ? "(empty)" : JSON.stringify(value));

/** Why rows were not sent, most frequent first. */
export function problemLines(problems: readonly ProblemGroup[]): string[] {
  return [...problems]
    .sort((a, b) => b.rows - a.rows)
    .map((p) => `${String(p.rows).padStart(4)}  ${p.code}${p.column ? ` in ${p.column}` : ""}: ${p.example}`);
}
