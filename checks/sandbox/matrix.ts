import { readFileSync, writeFileSync } from "node:fs";
import { absentFaults } from "./absent.ts";
import { AREAS, type Area, testTitles } from "./operations.ts";

// npm run sandbox:matrix writes the support matrix of docs/sandbox.md from the code. With --check it writes nothing and
// says what is wrong: an operation without a test or without its line, an absent one that is not refused by name.

const document = new URL("../../docs/sandbox.md", import.meta.url);
const MARKED = /(<!-- matrix -->\n)[\s\S]*?(<!-- end -->)/;

/** Everything wrong with the matrix, a sentence each, and how much was looked at. */
export async function matrixFaults(): Promise<{ operations: number; absent: number; faults: string[] }> {
  const operations = AREAS.flatMap((area) => area.operations);
  const titles = testTitles();
  const text = readFileSync(document, "utf8");
  const { sent, faults } = await absentFaults();
  const names = operations.map((operation) => operation.name);
  return {
    operations: operations.length,
    absent: sent,
    faults: [
      ...names.filter((name, n) => names.indexOf(name) < n).map((name) => `${name} is listed twice.`),
      ...names
        .filter((name) => !titles.some((title) => title.startsWith(`${name}:`)))
        .map((name) => `${name} has no test whose title begins with "${name}:".`),
      ...names.filter((name) => !text.includes(`| ${shown(name)} |`)).map((name) => `${name} has no line in the docs.`),
      ...(text === withMatrix(text) ? [] : ["docs/sandbox.md is not what the code says: npm run sandbox:matrix"]),
      ...faults,
    ],
  };
}

function withMatrix(text: string): string {
  if (!MARKED.test(text)) throw new Error("docs/sandbox.md has no place marked for the matrix.");
  return text.replace(
    MARKED,
    (_, open: string, end: string) => `${open}\n${AREAS.map(section).join("\n\n")}\n\n${end}`,
  );
}

function section({ title, operations }: Area): string {
  const rows = operations.map(({ name, does, source }) => `| ${shown(name)} | ${cell(does)} | ${cell(source)} |`);
  return [`### ${title}`, "", "| operation | does | after |", "| --- | --- | --- |", ...rows].join("\n");
}

const cell = (text: string) => text.replaceAll("|", "\\|");
const shown = (name: string) => `\`${cell(name)}\``;

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const { operations, absent, faults } = await matrixFaults();
    for (const fault of faults) console.error(fault);
    console.log(`${operations} operations, ${absent} absent ones sent: ${faults.length} faults`);
    process.exitCode = faults.length > 0 ? 1 : 0;
  } else {
    const text = readFileSync(document, "utf8");
    writeFileSync(document, withMatrix(text));
  }
}
