import type { Command } from "commander";
import type { Client, Target } from "../../api/index.ts";
import type { SluiceError } from "../../core/errors.ts";
import type { Example } from "../demo/example.ts";
import type { Output } from "./output.ts";

/** A Dataverse to work against, as the sandbox gives it. */
export type RunningSandbox = { origin: string; env: Record<string, string>; close(): Promise<void> };

/** What main.ts puts into the hands of every command. */
export type Context = {
  out: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  connect(target: Target): Promise<Client>;
  startSandbox(options?: {
    port?: number;
    httpsPort?: number;
    host?: string;
    profile?: "instant" | "documented";
    servers?: number;
    speed?: number;
    schema?: string;
    seeds?: { table: string; file: string }[];
  }): Promise<RunningSandbox>;
  /** What the demo works on. */
  example(): Promise<Example>;
};

/**
 * What a command ends with: `result` is the one object that --json prints (null: it did so itself), `exit` the status (0
 * when left out). `error`: what stopped it midway; it is told beside the result, and decides the status.
 */
export type Ending = { result: object | null; exit?: 0 | 1 | 2; error?: SluiceError };

/** Hands a command's work to the program, which runs it, prints its ending and sees to errors. */
export type Work = (context: Context) => Promise<Ending>;

/** Every file of src/cli is a command and exports this: it adds itself to the program. */
export type Register = (program: Command, run: (work: Work) => void) => void;

type GlobalOptions = { project: string; state?: string; environment?: string; memoryLimit?: string; json: boolean };

export function targetOf(command: Command): Target {
  const { project, state, environment, memoryLimit } = command.optsWithGlobals<GlobalOptions>();
  return { project, state, environment, memoryLimit };
}

/** Opens a client for the project the command line names, and closes it whatever happens. */
export async function withClient<T>(context: Context, target: Target, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await context.connect(target);
  let failed = false;
  try {
    return await use(client);
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    // A failure to write the history must not hide the failure that it is the history of.
    await client.close().catch((error: unknown) => {
      if (!failed) throw error;
    });
  }
}
