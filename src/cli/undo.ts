import type { ResponseOf } from "../api/index.ts";
import { SluiceError } from "../core/errors.ts";
import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { kindsOf, printKind } from "./terminal/plan.ts";
import { problemLines } from "./terminal/problems.ts";
import { progressView } from "./terminal/progress.ts";
import { count, duration, many, table } from "./terminal/table.ts";
import { whoAsks } from "./terminal/who.ts";

type Options = { deleteCreated?: boolean; dryRun?: boolean; as?: string; maxWait?: number };
type Undone = ResponseOf<"undo">;

export const register: Register = (program, run) => {
  const command = program
    .command("undo")
    .description("take a run back: every value it wrote, where nobody has changed it since")
    .argument("<run>", "which run; `sluice runs` lists them")
    .option("--dry-run", "show what would be taken back, and send nothing")
    .option("--delete-created", "delete the records that the run made, instead of deactivating them")
    .option("--as <name>", "who asks for it (default: SLUICE_USER, or the system's user)")
    .option("--max-wait <seconds>", "end where Dynamics asks for a longer pause (default: an hour)", wholeNumber)
    .action((of: string, { as: by, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = progressView(context.out);
          let stopped: Undone | undefined;
          const onStoppedUndo = (done: Undone) => {
            stopped = done;
          };
          try {
            const result = await client.undo(
              { run: of, by: whoAsks(by), ...options },
              { onEvent, onStoppedUndo, signal: context.signal },
            );
            print(result, context.out);
            const { counts, partly } = result;
            return { result, exit: counts && partly + counts.excluded + counts.rejected + counts.failed > 0 ? 1 : 0 };
          } catch (thrown) {
            if (stopped === undefined) throw thrown;
            print(stopped, context.out);
            return { result: stopped, error: SluiceError.from(thrown) };
          }
        }),
      ),
    );
};

function print(undone: Undone, out: Output): void {
  const { sync, object, run, of, plan, counts, received, partly, environment } = undone;
  out.line();
  out.line(out.style.bold(`${sync} -> ${object}`) + out.style.dim(`  undo ${run} of ${of}`));
  if (!counts) for (const kind of kindsOf(undone.samples)) printKind(kind, undone, out, 3);
  for (const text of undone.warnings) out.line(`  ${out.style.yellow("warning")}: ${text}`);
  for (const text of problemLines(undone.problems)) out.line(text);
  out.line();
  const made = counts ?? {
    ...plan,
    received,
    created: plan.create,
    updated: plan.update,
    deleted: plan.delete,
    failed: 0,
  };
  const head = ["undo", "rows", "made anew", "taken back", "deleted", "as before", "excluded", "rejected", "failed"];
  const { created, updated, deleted, unchanged, excluded, rejected, failed } = made;
  const cells = [made.received, created, updated, deleted, unchanged, excluded, rejected, failed].map(count);
  const last = counts ? { head: ["time"], cells: [duration(counts.seconds)] } : { head: [], cells: [] };
  for (const text of table([...head, ...last.head], [[sync, ...cells, ...last.cells]], [1, 2, 3, 4, 5, 6, 7, 8, 9]))
    out.line(text);
  out.line();
  const told = [
    `Environment ${environment}.`,
    ...(counts ? [] : ["Nothing was sent; without --dry-run it is."]),
    ...(counts?.writes === 0 ? ["Nothing was taken back."] : []),
    ...(partly > 0
      ? [`${many(partly, "row")} ${partly === 1 ? "is" : "are"} taken back only in part: the values listed above stay.`]
      : []),
    ...(counts && undone.stops
      ? [
          `The next run of ${sync} would do it again, so it stops until somebody approves it: \`sluice run ${sync} --approve undone\`.`,
        ]
      : []),
  ];
  out.line(told.join(" "));
}
