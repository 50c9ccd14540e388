import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** One source file: path from the repository's root with forward slashes, and its text. */
export type SourceFile = { path: string; text: string };

export type Budget = {
  files: number;
  median: number;
  p90: number;
  longest: number;
  /** Lines of tests per line of source. */
  testRatio: number;
  /** What must be mended, one sentence each. */
  faults: string[];
};

const maxLines = 400;
const drawerNames = new Set(["utils", "util", "shared", "common", "helpers", "helper", "misc"]);
const roots = ["src", "test", "bench", "examples", "checks", "docs"];

/**
 * Holds the house budgets: no TypeScript file over 400 lines, no file or folder named like a drawer, and no file that
 * only passes on other files' exports (index.ts, a folder's own front door, may).
 */
export function measure(sources: SourceFile[]): Budget {
  const faults: string[] = [];
  for (const { path, text } of sources) {
    const lines = lineCount(text);
    if (lines > maxLines)
      faults.push(`${path} has ${lines} lines; ${maxLines} is the most. Split it by what it holds.`);
    const drawer = path
      .split("/")
      .map((part) => part.replace(/\..*$/, ""))
      .find((part) => drawerNames.has(part.toLowerCase()));
    if (drawer) faults.push(`${path}: "${drawer}" says nothing. Name it after what it holds.`);
    if (basename(path) !== "index.ts" && isBarrel(text))
      faults.push(`${path} only passes on exports of other files. Import those files directly.`);
  }
  const sorted = sources.map((s) => lineCount(s.text)).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const sum = (want: boolean) =>
    sources.filter((s) => isTest(s.path) === want).reduce((total, s) => total + lineCount(s.text), 0);
  return {
    files: sources.length,
    median: at(0.5),
    p90: at(0.9),
    longest: sorted.at(-1) ?? 0,
    testRatio: sum(true) / Math.max(1, sum(false)),
    faults,
  };
}

const lineCount = (text: string) => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);

const isTest = (path: string) => path.startsWith("test/") || /[.]test(-data)?[.]ts$/.test(path);

/** A file whose statements are all `export ... from`. */
function isBarrel(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").trim();
  const rest = code.replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+["'][^"']+["'];?/g, "").trim();
  return code !== "" && rest === "";
}

/** Every TypeScript file of the repository that people write. */
export function readSources(root: string): SourceFile[] {
  return roots.flatMap((folder) => {
    let names: string[];
    try {
      names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw cause;
    }
    return names
      .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
      .map((name) => join(root, folder, name))
      .map((file) => ({ path: relative(root, file).split(sep).join("/"), text: readFileSync(file, "utf8") }));
  });
}

if (import.meta.main) {
  const budget = measure(readSources(fileURLToPath(new URL("..", import.meta.url))));
  for (const fault of budget.faults) console.error(fault);
  console.log(
    `${budget.files} TypeScript files: median ${budget.median} lines, nine in ten under ${budget.p90}, ` +
      `longest ${budget.longest}; ${budget.testRatio.toFixed(2)} lines of test per line of source`,
  );
  process.exitCode = budget.faults.length > 0 ? 1 : 0;
}
