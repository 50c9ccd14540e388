import { Argument } from "commander";
import { type Resolution, resolutions } from "../core/run.ts";
import { printedRun } from "./run.ts";
import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { whoAsks } from "./terminal/who.ts";

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
    .option("--as <name>", "who decides it (default: SLUICE_USER, or the system's name for you)")
    .option("--max-wait <seconds>", "as for run", wholeNumber)
    .action((id: string, how: Resolution["how"], { as, maxWait }: { as?: string; maxWait?: number }) =>
      run((context) =>
        withClient(context, targetOf(command), (client) =>
          printedRun(context, (options) => client.resolve({ run: id, how, by: whoAsks(as), maxWait }, options)),
        ),
      ),
    );
};
