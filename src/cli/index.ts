import { readdirSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { catalogue } from "../core/catalogue.ts";
import { SluiceError } from "../core/errors.ts";
import { memorySize } from "./terminal/arguments.ts";
import type { Context, Ending, Register, Work } from "./terminal/command.ts";
import { errorObject, printError } from "./terminal/error.ts";
import { type Output, terminalOutput } from "./terminal/output.ts";

const home = new URL("./", import.meta.url);

/**
 * Every file of this folder is a command of its name, but this one and those with a hyphen, which are a part of one
 * (`demo-report.ts` of `demo`). What all print with lies in `terminal/`.
 */
export function commandNames(): string[] {
  return readdirSync(home)
    .filter((file) => /^[a-z]+\.ts$/.test(file) && file !== "index.ts")
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

/**
 * Does what the command line says and gives the exit status: 0 done, 1 finished but rows were rejected or failed, else
 * that of the error in the catalogue. Never throws; with --json the last line of standard output is one object.
 */
export async function runCommandLine(args: string[], version: string, parts: Omit<Context, "out">): Promise<number> {
  const out = terminalOutput(args.includes("--json"));
  try {
    const work = await parse(args, version);
    if (!work) return 0;
    const { result, exit, error } = await work({ ...parts, out });
    if (error) return fail(error, out, result ?? {});
    if (out.json && result !== null) process.stdout.write(`${JSON.stringify(result)}\n`);
    return exit ?? 0;
  } catch (thrown) {
    if (process.env.SLUICE_DEBUG !== undefined) console.error(thrown);
    return fail(SluiceError.from(thrown), out, {});
  }
}

/** Tells an error, beside what was done before it, and gives the exit status. */
function fail(error: SluiceError, out: Output, done: object): number {
  out.redraw("");
  if (out.json) process.stdout.write(`${JSON.stringify({ ...errorObject(error), ...done })}\n`);
  else printError(error, out);
  return catalogue[error.code].exit;
}

/** The work asked for; undefined when help or the version was all that was wanted. Error: usage. */
async function parse(args: string[], version: string): Promise<Work | undefined> {
  let work: ((context: Context) => Promise<Ending>) | undefined;
  const program = new Command("sluice")
    .description("Keeps customer data in step with Microsoft Dynamics 365: plans every change, sends it, proves it.")
    .version(version)
    .option("--project <folder>", "the folder that holds sluice.yaml", ".")
    .option("--state <folder>", "where state is kept (default: .sluice in the project)")
    .option("--environment <name>", "one of the project's environments")
    .option("--memory-limit <size>", "what planning may take in memory, such as 2GB (default: 1GB)", memorySize)
    .option("--json", "print one JSON object as the last line", false)
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
    .showHelpAfterError(false);
  for (const name of commandNames()) {
    const { register } = (await import(new URL(`${name}.ts`, home).href)) as { register: Register };
    register(program, (chosen) => {
      work = chosen;
    });
  }
  if (args.length === 0) args = ["--help"];
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (["commander.helpDisplayed", "commander.version"].includes(error.code)) return undefined;
    throw usageFault(error, program);
  }
  return work;
}

function usageFault(error: CommanderError, program: Command): SluiceError {
  const names = program.commands.map((command) => command.name()).join(", ");
  if (error.code === "commander.help")
    return new SluiceError("usage", `No command was given; there are ${names}.`, { cause: error });
  const text = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return new SluiceError("usage", `${text[0]?.toUpperCase()}${text.slice(1)}${/[.?!)]$/.test(text) ? "" : "."}`, {
    cause: error,
  });
}
