import { once } from "node:events";
import { InvalidArgumentError, Option } from "commander";
import { SluiceError } from "../core/errors.ts";
import { shellWord } from "../core/shell-word.ts";
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
        const sandbox = await startSandbox({ ...options, seeds: seed }).catch((error: unknown) => {
          throw startFault(error, options.port, options.host);
        });
        if (printEnv) for (const [name, value] of Object.entries(sandbox.env)) out.line(`${name}=${shellWord(value)}`);
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

const FILE_REMEDIES: Record<string, string> = {
  SchemaFileError: "Put the schema file right; docs/sandbox.md has its format.",
  SeedFileError: "Put the file or the name of its table right; docs/sandbox.md says what a seed is.",
  CertificateFileError: "Make room there, or name another folder in TMPDIR.",
};

/**
 * What is wrong with a file or a folder, and a port in use, forbidden, or not of this machine, is the user's to change;
 * everything else is as it is.
 */
function startFault(error: unknown, port: number, host: string): unknown {
  const remedy = error instanceof Error ? FILE_REMEDIES[error.name] : undefined;
  if (remedy !== undefined) {
    return new SluiceError("usage", `The sandbox cannot start: ${(error as Error).message}`, { remedy, cause: error });
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
