/**
 * A table as DuckDB reads it before any typing. `detect`: which types a text column may turn out to have; JSON has
 * numbers of its own, so only its dates are text. `means`: the type of what is read as text all the same.
 */
export type RawColumn = { name: string; type: string; detect: "all" | "dates" | "none"; means?: "DOUBLE" };

export type Relation = {
  /** What stands after FROM. */
  from: string;
  columns: RawColumn[];
  /** Everything DuckDB must be allowed to open for it. */
  paths: string[];
  /** File read -> the file the user knows, where a copy is read in its place. */
  copies: Map<string, string>;
};

/** DuckDB takes a path for a pattern; brackets around each sign make it a name again. */
export function patternOf(path: string): string {
  return path.replace(/[*?[]/g, (sign) => `[${sign}]`);
}

/** The paths to allow for a file: DuckDB checks both the pattern and the name it stands for. */
export function allowedPaths(path: string): string[] {
  return [...new Set([path, patternOf(path)])];
}

/** Of every read: a folder called `id=7` above a file is no column of it. */
export const noHive = "hive_partitioning=false";
