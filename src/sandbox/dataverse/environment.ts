import type { Clock } from "../clock.ts";
import type { Files } from "./files/content.ts";
import { numberedGuid } from "./guids.ts";
import type { BulkDeleteJob } from "./jobs/job.ts";
import type { OptionSet, Table } from "./model.ts";

/**
 * A simulated plug-in, run on creates and updates that write the column: it rewrites the text, or refuses the row (only
 * where the value equals `equals`, if that is given). The rest says when, as for faults.
 */
export type Plugin = {
  table: string;
  column: string;
  rewrite?: string | undefined;
  equals?: unknown;
  throws?: string | undefined;
  on?: "Create" | "Update" | undefined;
  nth?: number | undefined;
  every?: number | undefined;
  rate?: number | undefined;
  seed?: number | undefined;
  times?: number | undefined;
  /** How many writes it could have run on, and on how many it has. */
  seen: number;
  run: number;
};

export type TableSchema = Pick<Table, "columns" | "relations" | "manyToMany" | "keys">;

/** The schema as it was from a time on, by reference: rows are not part of it. */
export type Schema = Pick<Environment, "metadataVersion" | "tables" | "sets"> & {
  since: number;
  parts: Map<Table, TableSchema>;
};

/**
 * How late changes of the schema are seen, as behind the caches of a real server (dataverse.md section 1, the header
 * Consistency): by who reads metadata, by who reads and writes rows, or both.
 */
export type SchemaLag = { ms: number; metadata: boolean; rows: boolean; schemas: Schema[] };

/** One Dataverse environment: everything a reset throws away. */
export type Environment = {
  clock: Clock;
  tables: Map<string, Table>;
  /** By entity set name. */
  sets: Map<string, Table>;
  /** Like SQL Server's row version: one counter for all tables. */
  version: number;
  sequence: number;
  nextId: number;
  /** Calls of the Web API so far, the present one included. */
  calls: number;
  /** Changes with every schema change (the annotation globalmetadataversion). */
  metadataVersion: number;
  /** Global option sets by name. */
  optionSets: Map<string, OptionSet>;
  /** Jobs that wait or run. */
  jobs: BulkDeleteJob[];
  /** When the next row of an elastic table may vanish; undefined: none ever. */
  nextExpiry?: number | undefined;
  /** A fault; undefined: changes are seen at once. */
  schemaLag?: SchemaLag;
  /** What file and image columns hold. */
  files: Files;
  plugins: Plugin[];
  /** Privileges switched off, as `Create contact`. */
  denied: Set<string>;
  /** Change-tracking tokens below this version have expired; what a client then gets. */
  oldestToken: number;
  expiredTokens: "error" | "all rows";
  /** Well-known rows. */
  appUser: string;
  businessUnit: string;
  organization: string;
  currency: string;
};

/** The id of the next row, in order of creation. */
export function newId(environment: Environment): string {
  return numberedGuid(++environment.nextId);
}

/** Now, as Dataverse keeps instants: UTC, whole seconds. */
export function nowSeconds(environment: Environment): string {
  return `${new Date(environment.clock.now()).toISOString().slice(0, 19)}Z`;
}
