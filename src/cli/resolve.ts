import { Argument } from "commander";
import type { GuardCode } from "../core/guards.ts";
import { type Resolution, resolutions } from "../core/run.ts";
import { printedRun } from "./run.ts";
import { guardNames, wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { whoAsks } from "./terminal/who.ts";

type Options = { approve?: GuardCode[]; as?: string; maxWait?: number };

export const register: Register = (program, run) => {
  const command = program
    .command("resolve")
    .description("say what becomes of a run that failed, was interrupted, or left rows that wait")
    .argument("<run>", "its id, as `sluice runs` lists it; the latest of its sync")
    .addArgument(
      new Argument(
        "<how>",
        "retry: the same plan under its own configuration; restart: the present configuration; skip: accept its undelivered and rejected rows as they are",
      ).choices(resolutions),
    )
    .option("--approve <guards>", "let these guards pass in the run that follows (a,b)", guardNames)
    .option("--as <name>", "who decides it, and approves (default: SLUICE_USER, or the system's name for you)")
    .option("--max-wait <seconds>", "as for run", wholeNumber)
    .action((id: string, how: Resolution["how"], { approve: codes, as, maxWait }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), (client) => {
          const by = whoAsks(as);
          const approve = codes && { codes, by };
          return printedRun(context, (options) => client.resolve({ run: id, how, by, approve, maxWait }, options));
        }),
      ),
    );
};
