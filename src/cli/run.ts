import type { CallOptions, ResponseOf } from "../api/index.ts";
import { SluiceError } from "../core/errors.ts";
import type { GuardCode } from "../core/guards.ts";
import { guardNames, share, wholeNumber } from "./terminal/arguments.ts";
import { type Context, type Ending, type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { problemLines } from "./terminal/problems.ts";
import { progressView } from "./terminal/progress.ts";
import { count, duration, many, table } from "./terminal/table.ts";
import { whoAsks } from "./terminal/who.ts";

type Options = { approve?: GuardCode[]; as?: string; maxWait?: number; plan?: string; maxMoved?: number };

export const register: Register = (program, run) => {
  const command = program
    .command("run")
    .description("plan, send, read back and settle")
    .argument("[sync...]", "which syncs; all, if none is named")
    .option(
      "--approve <guards>",
      "let these guards pass in this run (a,b): what a stopped run or a plan named",
      guardNames,
    )
    .option("--as <name>", "who approves (default: SLUICE_USER, or the system's name for you)")
    .option("--plan <id>", "send what this plan has and nothing else, as far as it has not moved")
    .option("--max-moved <share>", "how many of the plan's rows may be left out for that (default: 1 %)", share)
    .option(
      "--max-wait <seconds>",
      "end the run where Dynamics asks for a longer pause (default: an hour)",
      wholeNumber,
    )
    .action((syncs: string[], { approve: codes, as, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), (client) => {
          const approve = codes && { codes, by: whoAsks(as) };
          return printedRun(context, (call) => client.run({ syncs, approve, ...options }, call));
        }),
      ),
    );
};

/** Has something run and prints what became of it, also of what was done before an error stopped it. */
export async function printedRun(
  { out, signal }: Context,
  start: (options: CallOptions) => Promise<Ran>,
): Promise<Ending> {
  let stopped: Ran | undefined;
  const onStopped = (done: Ran) => {
    stopped = done;
  };
  try {
    const result = await start({ onEvent: progressView(out), onStopped, signal });
    printRuns(result, out);
    return { result, exit: result.totals.rejected + result.totals.failed > 0 ? 1 : 0 };
  } catch (thrown) {
    if (stopped === undefined) throw thrown;
    printRuns(stopped, out);
    return { result: stopped, error: SluiceError.from(thrown) };
  }
}

type Ran = ResponseOf<"run">;

export function printRuns({ runs, totals, environment }: Ran, out: Output): void {
  for (const one of runs) {
    out.line();
    out.line(out.style.bold(`${one.sync} -> ${one.object}`) + out.style.dim(`  run ${one.run}`));
    for (const text of one.warnings) out.line(`  ${out.style.yellow("warning")}: ${text}`);
    for (const { code, message } of one.approved) out.line(`  approved: ${message} (${code})`);
    for (const text of problemLines(one.problems)) out.line(text);
  }
  out.line();
  const numbers = (name: string, c: Ran["totals"]) => [
    name,
    ...[c.received, c.created, c.updated, c.deleted, c.unchanged, c.excluded, c.rejected, c.failed].map(count),
    ...[c.writes, c.requests].map(count),
    duration(c.seconds),
  ];
  const rows = runs.map((one) => numbers(one.sync, one.counts));
  if (runs.length > 1) rows.push(numbers("all", totals));
  const head = ["run", "received", "created", "updated", "deleted", "unchanged", "excluded", "rejected", "failed"];
  const right = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  for (const text of table([...head, "writes", "requests", "time"], rows, right)) out.line(text);
  if (totals.parents) {
    out.line();
    const were = totals.parents === 1 ? "was made for a lookup" : "were made for lookups";
    out.line(`${many(totals.parents, "record")} ${were} to point at, counted in writes alone.`);
  }
  if (totals.rejected + totals.failed > 0) {
    out.line();
    out.line(`Environment ${environment}. \`sluice rejected\` lists every row that was not sent, with the reason.`);
  }
}
