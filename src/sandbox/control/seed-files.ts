import { readFileSync } from "node:fs";
import type { Environment } from "../dataverse/environment.ts";
import { seedTable } from "./rows.ts";

/** A CSV file and the table that its rows fill. */
export type SeedFile = { table: string; file: string };
/** A seed whose file was read: what a reset runs again does not follow the file. */
export type Seed = SeedFile & { csv: Buffer };

/** What is wrong with a seed, and where in its file. */
export class SeedFileError extends Error {
  override name = "SeedFileError";
}

/** Reads the files. Throws a SeedFileError for one that cannot be read. */
export function readSeeds(seeds: SeedFile[]): Seed[] {
  return seeds.map((seed) => {
    try {
      return { ...seed, csv: readFileSync(seed.file) };
    } catch (cause) {
      throw new SeedFileError(`${seed.file} cannot be read`, { cause });
    }
  });
}

/** Fills the tables in the order given. Throws a SeedFileError with file, line and column. */
export function applySeeds(environment: Environment, seeds: Seed[]): void {
  for (const { table, file, csv } of seeds) {
    try {
      seedTable(environment, table, csv);
    } catch (cause) {
      throw new SeedFileError(`${file}: ${(cause as Error).message}`, { cause });
    }
  }
}
