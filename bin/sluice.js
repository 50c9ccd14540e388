#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it. Sluice itself is TypeScript that Node runs directly, which
// takes Node 22.18 or newer; an older one hands over to the Node that comes with this package's dependencies.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { newEnough, refuse } from "./need-node.js";

if (newEnough) {
  // A third of a short command's time is reading code; and with all of it cached, Node need not load what strips types.
  // Beside the code, not in /tmp, where others could put some of theirs.
  module.enableCompileCache(fileURLToPath(new URL("../node_modules/.cache/sluice", import.meta.url)));
  await import("../src/main.ts");
} else handOver();

function handOver() {
  const bundled = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(bundled)) refuse();
  // The channel carries nothing: it tells the child when this process is gone, even by SIGKILL.
  const stdio = ["inherit", "inherit", "inherit", "ipc"];
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", refuse);
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}
