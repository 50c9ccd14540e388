import { readFileSync, writeFileSync } from "node:fs";
import { catalogue, type ErrorKind } from "../src/core/catalogue.ts";

// Writes docs/errors.md from the error catalogue. Run: node docs/generate-errors.ts

export const file = new URL("./errors.md", import.meta.url);

const kinds: Record<ErrorKind, string> = {
  config: "The project or the command line is to be mended.",
  auth: "The destination does not know us.",
  permission: "The destination knows us and says no.",
  throttled: "The destination asks us to wait. Sluice waits by itself first.",
  unavailable: "The other side is at fault. Sluice tries again by itself first.",
  state: "Something about Sluice's own folder.",
  interrupted: "Somebody stopped it.",
  bug: "Sluice itself is at fault.",
};

/** The whole document. A column holds no line breaks and no bars, so the texts stand in it as they are. */
export function errorsDocument(): string {
  const lines = [
    "# Errors",
    "",
    "Made from `src/core/catalogue.ts` by `node docs/generate-errors.ts`; do not edit.",
    "",
    "Every error has a code that never changes. With `--json` the last line of a command that failed is",
    '`{"error": {"kind", "code", "message", "remedy", "file"?, "line"?, "path"?}}`; what else was found wrong at the same time',
    'stands beside it in `"others"`. The message names the thing at fault and the remedy fits it; the remedies below are',
    "those of the general case.",
    "",
    "Exit status: 0 done; 1 finished, but rows were rejected or failed (or `verify` found differences); 2 refused or",
    "stopped; 3 found by reading the project alone; 130 stopped by a signal. `SLUICE_DEBUG=1` prints what lies behind an",
    "error, which may hold data.",
  ];
  for (const [kind, meaning] of Object.entries(kinds)) {
    lines.push("", `## ${kind}`, "", meaning, "", "| code | exit | when | what to do |", "| --- | --- | --- | --- |");
    for (const [code, row] of Object.entries(catalogue))
      if (row.kind === kind) lines.push(`| \`${code}\` | ${row.exit} | ${row.when} | ${row.remedy} |`);
  }
  return `${lines.join("\n")}\n`;
}

export function writtenDocument(): string {
  return readFileSync(file, "utf8");
}

if (import.meta.main) writeFileSync(file, errorsDocument());
