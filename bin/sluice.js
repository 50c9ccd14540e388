#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it. Sluice itself is TypeScript that Node runs directly, which
// takes Node 22.18 or newer; an older one hands over to the Node that comes with this package's dependencies.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { newEnough, refuse } from "./need-node.js";

if (newEnough) await import("../src/main.ts");
else handOver();

function handOver() {
  const bundled = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(bundled)) refuse();
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  // The channel carries nothing: it tells the child when this process is gone, even by SIGKILL.
  const stdio = ["inherit", "inherit", "inherit", "ipc"];
  const child = spawn(bundled, [main, ...process.argv.slice(2)], { stdio });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", refuse);
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}
