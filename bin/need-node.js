// Plain JavaScript, so that an old Node can still read it. Started before what only a newer Node can run: ends with 2 and
// one sentence where this Node is too old, else with 0.
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);

/** Whether this Node runs TypeScript directly. */
export const newEnough = major > 22 || (major === 22 && minor >= 18);

/** Ends this process: it is too old, and no other Node is there to hand over to. */
export function refuse() {
  const message = `Sluice needs Node 22.18 or newer, this is ${process.versions.node}, and the one that npm brings along is missing because install scripts were ignored: run \`npm ci\` without --ignore-scripts, or use a newer Node.`;
  if (process.argv.includes("--json")) {
    const error = { kind: "config", code: "usage", message, remedy: "Run `npm ci` without --ignore-scripts." };
    console.log(JSON.stringify({ error }));
  } else console.error(message);
  process.exit(2);
}

const started = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (started && !newEnough) refuse();
