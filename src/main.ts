import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jobArgument } from "./server/jobs/messages.ts";

/** Where everything meets; started by bin/sluice.js alone. Whatever a command may not need is loaded when it does. */
const entry = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));

if (process.argv[2] === jobArgument && process.send) await job();
else await command();

/** Loads what every job needs while the parent still reads the project. */
async function job(): Promise<void> {
  const { serveJob } = await import("./server/jobs/child.ts");
  const parts = Promise.all([import("./engine/index.ts"), import("./server/connectors.ts")]);
  parts.then(([, { connectorTypes, loadConnector }]) => Promise.allSettled(connectorTypes().map(loadConnector)));
  serveJob(async (work, onProgress, signal, onShare) => {
    const [{ runJob }, { loadConnector }] = await parts;
    const ids = [...new Set([work.source.connector, work.destination.connector])];
    const connectors = Object.fromEntries(
      await Promise.all(ids.map(async (id) => [id, (await loadConnector(id))!] as const)),
    );
    return runJob(work, { connectors, onProgress, signal, onShare });
  });
}

async function command(): Promise<void> {
  leaveWithLauncher();
  // `sluice runs | head` closes the pipe early, and a terminal may be closed: that is no error.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  const { runCommandLine } = await import("./cli/index.ts");
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const status = await runCommandLine(process.argv.slice(2), version, {
    signal: stopSignal(),
    connect: async (target) => {
      const [{ localClient }, { jobProcesses }, connectors] = await Promise.all([
        import("./server/client.ts"),
        import("./server/jobs/process.ts"),
        import("./server/connectors.ts"),
      ]);
      return localClient(target, {
        connectors: { load: connectors.loadConnector, types: connectors.connectorTypes },
        jobs: jobProcesses(entry),
      });
    },
    startSandbox: async (options) => (await import("./sandbox/index.ts")).startSandbox(options),
    example: async () => (await import("../examples/project.ts")).example,
  });
  // Written out first, then ended: what a connector left open must not keep a finished command alive.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(status)));
}

/** The first Ctrl-C or SIGTERM asks to stop cleanly; one more, a second later at the earliest, does not ask. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let since = 0;
  const onSignal = () => {
    // A terminal and the launcher may both deliver one and the same Ctrl-C.
    if (stop.signal.aborted && performance.now() - since > 1000) process.exit(130);
    if (!stop.signal.aborted) {
      since = performance.now();
      setTimeout(tellStopping, 1000).unref();
    }
    stop.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  return stop.signal;
}

/** Where it takes longer: a write that is on its way is awaited. */
function tellStopping(): void {
  const clear = process.stderr.isTTY ? "\r\u001b[2K" : "";
  process.stderr.write(`${clear}Stopping: what is on its way is awaited and settled. Ctrl-C again ends it at once.\n`);
}

/** bin/sluice.js may have started us under a newer Node; killed the hard way, it cannot tell us. */
function leaveWithLauncher(): void {
  if (!process.send) return;
  process.on("disconnect", () => process.exit(130));
  process.channel?.unref();
}
