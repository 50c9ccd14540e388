import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client, ResponseOf } from "../api/index.ts";
import type { RunCounts, SampleChange } from "../core/run.ts";
import { causeLines, type DemoResult, faultsOf, sampleLines, stepLines } from "./demo/report.ts";
import { type Context, type Ending, type Register, withClient } from "./terminal/command.ts";
import { progressView } from "./terminal/progress.ts";
import { duration, many } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  program
    .command("demo")
    .description("the whole story on the example project and the sandbox, start to end")
    .action(() => run(demo));
};

/**
 * Copies the example project into a temporary folder, starts a sandbox, and goes from the plan to the proof. Ends with
 * status 1, and says why, when the numbers are not what they must be. Leaves nothing behind.
 */
async function demo(context: Context): Promise<Ending> {
  const began = performance.now();
  const example = await context.example();
  const sandbox = await context.startSandbox();
  const folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
  try {
    const { out } = context;
    out.note(`A local Dynamics 365 at ${sandbox.origin}, a project in ${folder}`);
    example.copyInto(folder);
    const made = await example.makeColumns(sandbox.env);
    out.note(`Made in Dynamics: ${made.join(", ")}`);
    const story = await withClient(context, { project: folder, variables: sandbox.env }, (client) =>
      tell(client, context, () => example.change(folder)),
    );
    const result = { ...story.result, seconds: rounded((performance.now() - began) / 1000) };
    const faults = faultsOf(result, story.expectedWrites);
    print(context, { ...story, result, faults });
    return { result: faults.length > 0 ? { ...result, faults } : result, exit: faults.length > 0 ? 1 : 0 };
  } finally {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Story = {
  result: Omit<DemoResult, "seconds">;
  expectedWrites: number;
  creates: SampleChange[];
  updates: SampleChange[];
  problems: ResponseOf<"run">["runs"][number]["problems"];
};

async function tell(
  client: Client,
  { out, signal }: Context,
  change: () => { changed: string[]; left: string[] },
): Promise<Story> {
  const options = { signal, onEvent: out.live ? progressView(out) : undefined };
  out.note("Planning the first load");
  const planned = await client.plan({}, options);
  out.note("First load");
  const first = await client.run({}, options);
  out.note("Running again, nothing changed");
  const unchanged = await client.run({}, options);
  const { changed, left } = change();
  out.note(`In customers.csv ${changed.length} customers changed, ${left.length} left: planning`);
  const next = await client.plan({}, options);
  out.note("Running with the changes");
  const after = await client.run({}, options);
  out.note("Reading Dynamics back");
  const { checked, differences } = await client.verify({}, options);
  const { create, adopt, update, unchanged: same, rejected } = planned.totals;
  return {
    result: {
      plan: { create, adopt, update, unchanged: same, rejected },
      first: withRoundSeconds(first.totals),
      unchanged: withRoundSeconds(unchanged.totals),
      changed: withRoundSeconds(after.totals),
      verify: { checked, differences },
    },
    expectedWrites: changed.length + left.length,
    creates: planned.plans.flatMap((plan) => plan.samples.slice(0, 1)),
    updates: variety(next.plans.flatMap((plan) => plan.samples)),
    problems: first.runs.flatMap((run) => run.problems),
  };
}

const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** Sums of seconds carry the dust of binary fractions. */
const withRoundSeconds = (counts: RunCounts): RunCounts => ({ ...counts, seconds: rounded(counts.seconds) });

/** Up to four changes, each of other columns than those before. */
function variety(samples: readonly SampleChange[]): SampleChange[] {
  const byColumns = new Map(samples.map((sample) => [sample.columns.map((column) => column.name).join(), sample]));
  return [...byColumns.values()].slice(0, 4);
}

function print(
  { out }: Context,
  { result, creates, updates, problems, faults }: Story & { result: DemoResult; faults: string[] },
): void {
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length === 0) return;
    out.line();
    out.line(out.style.bold(title));
    for (const line of lines) out.line(line);
  };
  section("From the first plan", creates.flatMap(sampleLines));
  section("From the plan after the change", updates.flatMap(sampleLines));
  section("Not sent, and why", causeLines(problems));
  section("What happened", stepLines(result));
  out.line();
  out.line(
    `Read back from Dynamics: ${many(result.verify.checked, "record")} checked, ${many(result.verify.differences, "difference")}.`,
  );
  if (faults.length > 0) section(out.style.red("The numbers do not add up"), faults);
  else out.line(out.style.green(`The numbers add up. ${duration(result.seconds)} in all.`));
}
