import { once } from "node:events";
import { Option } from "commander";
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
  printEnv: boolean;
};

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
    .option("--print-env", "print what a client needs as shell assignments, once it listens", false)
    .action(({ printEnv, ...options }: Options) =>
      run(async ({ out, signal, startSandbox }) => {
        const sandbox = await startSandbox(options).catch((error: unknown) => {
          throw listenFault(error, options.port, options.host);
        });
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

/** A port in use, forbidden, or not of this machine is the user's to change, everything else is as it is. */
function listenFault(error: unknown, port: number, host: string): unknown {
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
