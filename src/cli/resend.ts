import { printedRun } from "./run.ts";
import { several, wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";

type Options = { code?: string; column?: string; key?: string[]; all?: boolean; maxWait?: number };

export const register: Register = (program, run) => {
  const command = program
    .command("resend")
    .description("try rows that were not sent again now, and no other")
    .argument("<sync>", "whose rows")
    .option("--code <code>", "those with this reason, or this code of a refusal by Dynamics")
    .option("--column <name>", "those in which this column is at fault")
    .option("--key <key>", "this row; may be repeated", several)
    .option("--all", "every row that waits")
    .option("--max-wait <seconds>", "as for run", wholeNumber)
    .action((sync: string, { key: keys, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), (client) =>
          printedRun(context, (call) => client.resend({ sync, keys, ...options }, call)),
        ),
      ),
    );
};
