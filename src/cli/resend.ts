import type { GuardCode } from "../core/guards.ts";
import { printedRun } from "./run.ts";
import { guardNames, several, wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { whoAsks } from "./terminal/who.ts";

type Options = {
  code?: string;
  column?: string;
  key?: string[];
  all?: boolean;
  approve?: GuardCode[];
  as?: string;
  maxWait?: number;
};

export const register: Register = (program, run) => {
  const command = program
    .command("resend")
    .description("try rows that were not sent again now, and no other")
    .argument("<sync>", "whose rows")
    .option("--code <code>", "those with this reason, or this code of a refusal by Dynamics")
    .option("--column <name>", "those in which this column is at fault")
    .option("--key <key>", "this row; may be repeated", several)
    .option("--all", "every row that waits")
    .option("--approve <guards>", "let these guards pass in this run (a,b)", guardNames)
    .option("--as <name>", "who approves (default: SLUICE_USER, or the system's name for you)")
    .option("--max-wait <seconds>", "as for run", wholeNumber)
    .action((sync: string, { key: keys, approve: codes, as, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), (client) => {
          const approve = codes && { codes, by: whoAsks(as) };
          return printedRun(context, (call) => client.resend({ sync, keys, approve, ...options }, call));
        }),
      ),
    );
};
