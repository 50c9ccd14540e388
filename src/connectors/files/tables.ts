import { existsSync, globSync, readdirSync, statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type FileFormat, type FilesConfig, plainTable, type TableConfig } from "./config.ts";

/** A table and the files it is made of (absolute, at least one, in order of name). */
export type Table = { name: string; files: string[]; format: FileFormat; settings: TableConfig };

const formats: Record<string, FileFormat> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".txt": "csv",
  ".json": "json",
  ".ndjson": "json",
  ".jsonl": "json",
  ".parquet": "parquet",
};
/** Endings that make a file a table without being told. */
const plainEndings = [".csv", ".tsv", ".json", ".ndjson", ".parquet"];

/** The tables of a connection by name: those declared and those that lie in the folder. */
export function tableNames(config: FilesConfig, base: string): string[] {
  const declared = Object.keys(config.tables);
  const taken = new Set(declared.map((n) => n.toLowerCase()));
  const stems = listing(resolve(base, config.folder))
    .filter((f) => plainEndings.includes(extname(f).toLowerCase()))
    .map((f) => basename(f, extname(f)))
    .filter((n) => !taken.has(n.toLowerCase()));
  return [...declared, ...new Set(stems)].sort();
}

/**
 * The files of a table.
 * @throws SluiceError file_missing (naming the full path and near names), file_unreadable (no usable ending, or several
 * files of the name).
 */
export function findTable(config: FilesConfig, base: string, name: string): Table {
  const folder = resolve(base, config.folder);
  const declared = Object.keys(config.tables).find((n) => n.toLowerCase() === name.toLowerCase());
  const settings = declared === undefined ? plainTable : (config.tables[declared] as TableConfig);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new SluiceError("file_missing", `There is no folder ${folder}.`, {
      remedy: "Correct the connection's `folder`; it is taken relative to the project.",
    });
  }
  const files = settings.path === undefined ? byName(folder, declared ?? name) : byPath(folder, settings.path);
  const named = settings.format?.replace("tsv", "csv").replace("ndjson", "json") as FileFormat | undefined;
  const kinds = new Set(files.map((f) => named ?? formats[extname(f).toLowerCase()]));
  const [format] = kinds;
  if (kinds.size > 1 || !format) {
    throw new SluiceError(
      "file_unreadable",
      kinds.size > 1
        ? `The files of table \`${name}\` are of several kinds: ${files.map((f) => basename(f)).join(", ")}.`
        : `The ending of ${files[0]} does not tell what kind of file it is.`,
      { remedy: `Declare it in the connection: \`tables: { ${name}: { format: csv } }\`.` },
    );
  }
  const delimiter =
    settings.delimiter ??
    (settings.format === "tsv" || extname(files[0] as string).toLowerCase() === ".tsv" ? "\t" : undefined);
  return { name: declared ?? name, files, format, settings: { ...settings, delimiter } };
}

function byName(folder: string, name: string): string[] {
  const wanted = name.toLowerCase();
  const entries = listing(folder).filter((f) => plainEndings.includes(extname(f).toLowerCase()));
  const exact = entries.filter((f) => basename(f, extname(f)) === name);
  const found = exact.length > 0 ? exact : entries.filter((f) => basename(f, extname(f)).toLowerCase() === wanted);
  if (found.length === 1) return [join(folder, found[0] as string)];
  if (found.length > 1) {
    throw new SluiceError(
      "file_unreadable",
      `Several files could be table \`${name}\`: ${found.join(", ")} in ${folder}.`,
      {
        remedy: `Say which in the connection: \`tables: { ${name}: { path: ${found[0]} } }\`.`,
      },
    );
  }
  const there = [...new Set(entries.map((f) => basename(f, extname(f))))];
  const hint = didYouMean(name, there);
  const list = there.length > 0 ? `. Tables there: ${some(there)}.` : ". The folder holds no table.";
  throw new SluiceError(
    "file_missing",
    `There is no file ${join(folder, `${name}.csv`)} (nor .tsv, .json, .ndjson or .parquet)${hint || list}`,
  );
}

function byPath(folder: string, path: string): string[] {
  const whole = resolve(folder, path);
  if (existsSync(whole)) {
    if (statSync(whole).isFile()) return [whole];
    throw new SluiceError("file_unreadable", `${whole} is a folder, not a file.`, {
      remedy: `Name the files in it, for example \`path: ${join(path, "*.csv")}\`.`,
    });
  }
  if (/[*?[{]/.test(path)) {
    const found = globSync(path, { cwd: folder }).map((f) => resolve(folder, f));
    const files = found.filter((f) => statSync(f).isFile()).sort();
    if (files.length > 0) return files;
    throw new SluiceError("file_missing", `No file fits ${whole}.`);
  }
  const beside = resolve(whole, "..");
  throw new SluiceError(
    "file_missing",
    `There is no file ${whole}${didYouMean(basename(whole), listing(beside)) || "."}`,
  );
}

function listing(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((e) => !e.isDirectory() && !e.name.startsWith("."))
    .map((e) => e.name)
    .sort();
}

function some(names: string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
}
