import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option } from "commander";
import { SluiceError } from "../core/errors.ts";
import { portNumber, positiveNumber, serverCount } from "./terminal/arguments.ts";
import type { Register } from "./terminal/command.ts";

type Options = {
  port: number;
  httpsPort: number;
  host: string;
  profile: "instant" | "documented";
  servers: number;
  speed: number;
  seed: Seed[];
  schema?: string;
  printEnv: boolean;
};

/** A CSV file whose rows fill a table before anybody is told that the sandbox listens. */
type Seed = { table: string; file: string };

export const register: Register = (program, run) => {
  program
    .command("sandbox")
    .description("serve a local Dataverse and its token endpoint until stopped")
    .option("--port <n>", "the port to listen on; 0 takes any free one", portNumber, 8090)
    .option("--https-port <n>", "the port to listen on by https; 0 takes any free one", portNumber, 0)
    .option("--host <name>", "the address to listen on", "127.0.0.1")
    .addOption(
      new Option("--profile <name>", "latencies and limits: none, or those of Dataverse as documented")
        .choices(["instant", "documented"])
        .default("instant"),
    )
    .option("--servers <n>", "web servers that each have limits of their own", serverCount)
    .option("--speed <n>", "divides every modelled time, so that an hour is tested in minutes", positiveNumber)
    .option("--seed <table=file>", "fill a table with the rows of a CSV file; may be given several times", seedFile, [])
    .option("--schema <file>", "a YAML file of tables and columns that are there from the start")
    .option("--print-env", "print what a client needs as shell assignments, once it listens", false)
    .action(({ printEnv, seed, ...options }: Options) =>
      run(async ({ out, signal, startSandbox }) => {
        const sandbox = await startSandbox(options).catch((error: unknown) => {
          throw listenFault(error, options.port, options.host);
        });
        try {
          for (const each of seed) await fill(sandbox.origin, each);
        } catch (error) {
          await sandbox.close();
          throw error;
        }
        if (printEnv) for (const [name, value] of Object.entries(sandbox.env)) out.line(`${name}=${quoted(value)}`);
        else out.line(`The sandbox listens at ${sandbox.origin} and ${sandbox.env.BASE_URL_HTTPS}; Ctrl-C ends it.`);
        // --json has its one object now and not at the end: whoever waits for it wants to begin.
        if (out.json) process.stdout.write(`${JSON.stringify({ origin: sandbox.origin, env: sandbox.env })}\n`);
        if (!signal.aborted) await once(signal, "abort");
        await sandbox.close();
        return { result: null };
      }),
    );
};

function seedFile(text: string, previous: Seed[]): Seed[] {
  const cut = text.indexOf("=");
  if (cut < 1 || cut === text.length - 1) throw new InvalidArgumentError("It must be table=FILE.csv.");
  return [...previous, { table: text.slice(0, cut), file: text.slice(cut + 1) }];
}

/** By the control API, as any client would. Throws what it says of the file, with line and column. */
async function fill(origin: string, { table, file }: Seed): Promise<void> {
  const body = await readFile(file).catch((cause: unknown) => {
    throw new SluiceError("usage", `${file} cannot be read.`, { remedy: "Name a file after --seed table=.", cause });
  });
  const answer = await fetch(`${origin}/_sandbox/seed?table=${encodeURIComponent(table)}`, { method: "POST", body });
  if (answer.ok) return;
  const { error } = (await answer.json()) as { error: { message: string } };
  throw new SluiceError("usage", `${file}: ${error.message}`, { remedy: "Mend the file or the name of the table." });
}

/** A port in use, forbidden, or not of this machine is the user's to change, everything else is as it is. */
function listenFault(error: unknown, port: number, host: string): unknown {
  if (error instanceof Error && error.name === "SchemaFileError") {
    return new SluiceError("usage", `The sandbox cannot start: ${error.message}`, {
      remedy: "Put the schema file right; docs/sandbox.md has its format.",
      cause: error,
    });
  }
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const why = {
    EADDRINUSE: "is in use",
    EACCES: "is not allowed",
    EADDRNOTAVAIL: "is not here",
    ENOTFOUND: "is unknown",
  }[code];
  if (why === undefined) return error;
  const taken = (error as { port?: number }).port ?? port;
  return new SluiceError("usage", `The sandbox cannot listen: ${host}:${taken} ${why}.`, {
    remedy: "Name another with --port or --https-port (0 takes any free one) or --host.",
    cause: error,
  });
}

/** Safe for every shell that knows single quotes; plain where nothing needs quoting. */
function quoted(value: string): string {
  return /^[\w./:@%+,=-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
