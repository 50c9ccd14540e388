#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still read it and say what is missing.
import { spawnSync } from "node:child_process";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error("placeholder");
  process.exit(2);
}
void spawnSync;
await import("../src/main.ts");
