import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Operation } from "../../src/sandbox/operation.ts";

/** The operations of one file, under the heading they have in the support matrix. */
export type Area = { title: string; operations: Operation[] };

const source = fileURLToPath(new URL("../../src/sandbox/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of src/sandbox and the heading of what they hold, in the order of the matrix. The first that fits counts. */
const HEADINGS: [folder: string, title: string][] = [
  ["entra/", "Entra ID"],
  ["dataverse/batch/", "$batch"],
  ["dataverse/fetchxml/", "FetchXML"],
  ["dataverse/metadata/", "Metadata"],
  ["dataverse/query/", "Queries"],
  ["dataverse/security/", "Security"],
  ["dataverse/webhooks/", "Webhooks"],
  ["limits/", "Limits and profiles"],
  ["control/", "Control API"],
  ["http/", "Faults and HTTP"],
  ["dataverse/", "Rows, lists and bulk messages"],
];

/** Every operation of the sandbox, found in the arrays that stand beside the code of each. */
export async function collectOperations(): Promise<Area[]> {
  const areas = new Map(HEADINGS.map(([, title]) => [title, [] as Operation[]]));
  for (const file of typeScriptFiles(source)) {
    const names = [...readFileSync(file, "utf8").matchAll(/^export const (\w+)(?:: (?:readonly )?Operation\[\])/gm)];
    if (names.length === 0) continue;
    const exported = (await import(pathToFileURL(file).href)) as Record<string, Operation[]>;
    const path = file.slice(source.length).split(sep).join("/");
    const title = HEADINGS.find(([folder]) => path.startsWith(folder))?.[1];
    if (title === undefined) throw new Error(`src/sandbox/${path} has operations, but its folder has no heading.`);
    for (const [, name] of names) areas.get(title)!.push(...exported[name!]!);
  }
  return [...areas].map(([title, operations]) => ({ title, operations })).filter((area) => area.operations.length > 0);
}

/** The titles of all tests, as they stand in the code. */
export function testTitles(): string[] {
  const files = ["src/sandbox", "test"].flatMap((folder) => typeScriptFiles(join(root, folder), true));
  return files.flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(
        /\b(?:test|it)(?:\.\w+)*(?:\((?:[^()"'`]|\([^()]*\))*\))?\(\s*(["'`])(.+?)\1/gs,
      ),
    ].map(([, , title]) => title!),
  );
}

function typeScriptFiles(folder: string, tests = false): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && name.endsWith(".test.ts") === tests)
    .map((name) => join(folder, name))
    .sort();
}
