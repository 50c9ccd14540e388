import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Logged, Row, Workbench } from "./workbench.ts";

const launcher = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));

/** `last`: the object on the last line of standard output; undefined where that is none. */
// biome-ignore lint/suspicious/noExplicitAny: stories look into results of every command
export type Ended = { status: number | null; stdout: string; stderr: string; last: any };

/**
 * A command as a person starts it: in a process group of its own, so that it can be sent a Ctrl-C as a terminal does, and
 * stand still (`freeze`) with all its processes.
 */
export function sluice(
  { folder, sandbox }: Pick<Workbench, "folder"> & { sandbox: Pick<Workbench["sandbox"], "env"> },
  ...args: string[]
): { interrupt(): void; kill(): void; freeze(): void; thaw(): void; ended: Promise<Ended> } {
  const child: ChildProcess = spawn(process.execPath, [launcher, ...args, "--project", folder], {
    env: { ...process.env, ...sandbox.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const status = new Promise<number | null>((resolve) => child.once("close", resolve));
  // A test that failed or took too long leaves nobody at work.
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
  });
  const ended = Promise.all([status, text(child.stdout!), text(child.stderr!)]).then(([status, stdout, stderr]) => ({
    status,
    stdout,
    stderr,
    last: objectIn(stdout.trimEnd().split("\n").at(-1) ?? ""),
  }));
  const signal = (name: NodeJS.Signals) => () => void process.kill(-child.pid!, name);
  return {
    ended,
    interrupt: signal("SIGINT"),
    kill: signal("SIGKILL"),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
  };
}

/** A command that is killed as it waits to send such a request: the sandbox is too busy for that, and does nothing of it. */
export async function killedBefore(bench: Workbench, match: Row, ...args: string[]): Promise<void> {
  await bench.control("POST", "faults", { match, times: 1_000_000, status: 429, retryAfter: 1 });
  await bench.control("POST", "requests/clear");
  const dying = sluice(bench, ...args, "--json");
  for (let asked = false; !asked; ) {
    const { requests } = await bench.control<{ requests: Logged[] }>("GET", "requests");
    asked = requests.some(({ write, status }) => write && status === 429);
  }
  dying.kill();
  await dying.ended;
  await bench.control("DELETE", "faults");
}

function objectIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
