import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { problemLines } from "./terminal/problems.ts";
import { progressView } from "./terminal/progress.ts";
import { count, table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("rebuild")
    .description("after a lost or damaged state file: find every record again, and send nothing")
    .argument("<sync>", "which sync")
    .option("--force", "even where the state is whole, or tells of another organisation")
    .action((sync: string, { force = false }: { force?: boolean }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = progressView(context.out);
          const result = await client.rebuild({ sync, force }, { onEvent, signal: context.signal });
          printRebuilt(result, context.out);
          return { result };
        }),
      ),
    );
};

function printRebuilt(done: ResponseOf<"rebuild">, out: Output): void {
  out.line();
  if (done.aside !== null) out.line(`What was there is now ${done.aside}.`);
  for (const text of done.unknown) out.line(`  ${out.style.yellow("cannot be told any more")}: ${text}`);
  for (const text of problemLines(done.problems)) out.line(text);
  out.line();
  const numbers = [done.received, done.linked, done.differ, done.missing, done.excluded, done.rejected];
  const head = ["rebuild", "received", "linked", "differ", "missing", "excluded", "rejected"];
  for (const text of table(head, [[done.sync, ...numbers.map(count)]], [1, 2, 3, 4, 5, 6])) out.line(text);
  out.line();
  out.line(
    `Nothing was sent. \`sluice plan ${done.sync}\` shows what the next run does with those that differ or are missing.`,
  );
}
