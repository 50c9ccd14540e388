import { fileURLToPath } from "node:url";
import { runCommandLine } from "../../src/cli/index.ts";
import { runJob } from "../../src/engine/index.ts";
import { localClient } from "../../src/server/client.ts";
import { serveJob } from "../../src/server/jobs/child.ts";
import { jobArgument } from "../../src/server/jobs/messages.ts";
import { jobProcesses } from "../../src/server/jobs/process.ts";
import { connectors } from "./hasty.ts";

// The command line and its jobs' processes as main.ts makes them, but for the pauses between tries.

if (process.argv[2] === jobArgument && process.send)
  serveJob((job, onProgress, signal) => runJob(job, { connectors, onProgress, signal }));
else {
  const status = await runCommandLine(process.argv.slice(2), "chaos", {
    signal: new AbortController().signal,
    connect: async (target) =>
      localClient(target, {
        connectors: { load: async (type) => connectors[type] ?? null, types: () => Object.keys(connectors) },
        jobs: jobProcesses(fileURLToPath(import.meta.url)),
      }),
    startSandbox: () => Promise.reject(new Error("the sandbox is started apart")),
    example: () => Promise.reject(new Error("there is no example here")),
  });
  process.stdout.write("", () => process.exit(status));
}
