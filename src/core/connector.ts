import type { z } from "zod";
import type { CheckStep, Need, Privilege } from "./check.ts";
import type { Ambiguity } from "./date-detection.ts";
import type { triggerKinds } from "./logic.ts";
import type { MembershipTarget } from "./project.ts";
import type { ObjectSchema, ObjectSummary } from "./schema.ts";

/**
 * The contract between the engine and every outside system. A connector is a value in a folder of its own; an absent
 * method is an absent capability.
 */
export interface Connector<Config = unknown> {
  id: string;
  title: string;
  /** Everything a person must say to connect: gives the type, the validation and the form. */
  config: z.ZodType<Config>;
  /** Paths of config fields that must never be printed; `*` is each element of a list. */
  secrets: readonly string[];
  /** What somebody should see to soon, such as a secret that is about to expire. `now`: milliseconds. */
  warnings?(config: Config, now: number): string[];
  open(config: Config, io: Io): Session;
  /** What is to be done about a refusal with the other side's own code; undefined where nothing is known of it. */
  remedy?(code: string): string | undefined;
}

/** What a connector gets from its host. */
export type Io = {
  /** Folder that relative paths of the configuration start from. */
  base: string;
  /** Called just before each request, for counting and progress; if it throws, that is not sent, and fails with it. */
  onRequest?: () => void;
  /** Called when the other side asks to be left alone for a while: until then (milliseconds since 1970) nothing goes. */
  onWait?: (until: number) => void;
  /** Milliseconds the host lets work stand still for that; a longer wait is the error `throttled`, at once. */
  maxWait?: number;
  /** Folder for copies that live as long as the session; the system's temporary folder otherwise. */
  scratch?: string;
  /** Folder that lasts, for what the connection knows of the other side's schema; nothing is kept where it is absent. */
  cache?: string;
};

export interface Session {
  /** What the other side calls itself, lasting: state about one organisation is worth nothing for another. */
  identity?(signal?: AbortSignal): Promise<string>;
  objects(signal?: AbortSignal): Promise<ObjectSummary[]>;
  describe(object: string, signal?: AbortSignal): Promise<ObjectSchema>;
  /** The name of the table that `describe` would tell of, for less. Fails as it does. */
  tableOf?(object: string, signal?: AbortSignal): Promise<string>;
  /** A source that DuckDB can read in place. */
  scan?(query: ScanQuery, signal?: AbortSignal): Promise<Scan>;
  /** A destination's rows, page by page; with `cursor`, only what changed since. */
  read?(object: ObjectSchema, request: ReadRequest, signal: AbortSignal): AsyncIterable<Page>;
  /** How old, in milliseconds, a cursor may be that is still to be gone by; absent: as old as it likes. */
  cursorLife?(signal?: AbortSignal): Promise<number>;
  /** About how many rows the table has; undefined where nobody can tell without reading them. */
  size?(object: ObjectSchema, signal: AbortSignal): Promise<number | undefined>;
  write?(object: ObjectSchema, batch: Batch, signal: AbortSignal): Promise<BatchOutcome>;
  /** Finds what an audience's rows are to be put into, and refuses what cannot take them. Errors: mapping_unfit, not_allowed. */
  membership?(object: ObjectSchema, target: MembershipTarget, signal?: AbortSignal): Promise<Membership>;
  /** How the only row of a batch goes by itself. Nothing of it is sent. */
  request?(object: ObjectSchema, batch: Batch, signal?: AbortSignal): Promise<RowRequest>;
  /** The ids of its members, page by page. */
  members?(object: ObjectSchema, into: Membership, signal: AbortSignal): AsyncIterable<Page>;
  /** What runs by itself when rows of the table are written, or become members of these. */
  logic?(object: ObjectSchema, memberships: readonly Membership[], signal: AbortSignal): Promise<Logic>;
  /** What happens to other records when one of the table is deleted. */
  dependents?(object: ObjectSchema, signal: AbortSignal): Promise<Dependents>;
  /** What the destination takes at this moment; it changes with every answer, so ask before each batch. */
  pace?(object: ObjectSchema, op: BatchOp, guarded?: boolean): Pace;
  /** Records that one request reads by their ids (`ReadRequest.ids`), at most. */
  idsAtOnce?: number;
  /** Requests that the other side lets us send in a day, where the connection says so. */
  dailyRequests?: number;
  /** Others use the connection at the same time: from now on it keeps to this share. */
  share?(share: Share): void;
  /** How values look on the wire, in both directions. */
  wire?: Wire;
  /** Tests the connection step by step, and the tables that `needs` name; what is wrong is a step's finding. */
  check?(needs: readonly Need[], signal?: AbortSignal): Promise<CheckStep[]>;
  /** Ids of the users as whom it writes: what it makes is made by one of them (`createdby`). */
  users?(signal: AbortSignal): Promise<string[]>;
  /** The least privileges for these needs, which our user has of them, and which it has beyond them. */
  role?(needs: readonly Need[], signal?: AbortSignal): Promise<Privilege[]>;
  /**
   * What column names of audiences are completed with where they lack it: the customization prefix of the connection, with
   * its underscore (`new_`). Absent: names are taken as they are.
   */
  prefix?: string;
  close(): Promise<void>;
}

export type ScanQuery = { table: string } | { sql: string };

/**
 * A relation in DuckDB. `views` are created first, in order; `select` then reads from them. `columns` are those of
 * `select`, with DuckDB type names: the type that mappings read. `paths` are the only files it may touch.
 */
export type Scan = {
  views: { name: string; sql: string }[];
  select: string;
  columns: { name: string; type: string }[];
  paths: string[];
  /** Source columns whose text is a date in a declared or detected format: column -> DuckDB strptime formats. */
  dates: Record<string, string[]>;
  /**
   * Columns of `select` that are text although they have a type, declared or found: column -> SQL over it for conditions and
   * expressions; misfits of a declared one are NULL. Their text, and so keys and what is written, never depends on other rows.
   */
  typed?: Record<string, string>;
  /** Those of them that a statement over the same table spells otherwise (1.5 for 1.50): column -> SQL of that spelling. */
  respelled?: Record<string, string>;
  /** Text columns whose dates can be read in more than one way: an error as soon as one is used as a date. */
  ambiguous?: Record<string, Ambiguity>;
};

export type ReadRequest = {
  columns: string[];
  /** From an earlier page that was the last: read what changed since. */
  cursor?: string;
  /** Ask for a cursor to come back to; only where `can.deltas`. */
  track: boolean;
  /** Only these ids, instead of all. */
  ids?: string[];
  /** Only rows that hold one of these combinations of values (canonical text), equal as the other side compares. */
  match?: { columns: string[]; values: string[][] };
  /** With lookups, say which table each value is of (`Wire.tableProperty`). */
  tables?: boolean;
  /** Beside each value, how the other side shows it to people: an option's label, the name behind a lookup, an amount. */
  formatted?: boolean;
  /** The `place` of a page of a full read with the same columns: the rest of it, and all that has changed since it began. */
  place?: string;
};

export type Page = {
  /** A JSON array, as received. */
  rows: Uint8Array | string;
  /** Ids of rows reported as deleted. */
  deleted: string[];
  /** How many elements it has, tombstones included (those have no id property). */
  count: number;
  /** On the last page of a tracked read: where to go on next time. */
  cursor?: string;
  /** Of a full read that can be broken off after this page: where to take it up again. */
  place?: string;
  last: boolean;
};

/** Translates between canonical text (see `canon.ts`) in a DuckDB column and the destination's JSON. Pure. */
export interface Wire {
  /** The JSON property a column is read from. */
  property(object: ObjectSchema, column: string): string;
  /** The JSON property of a row that was read which tells its version (`RowKey.etag`); of tables that `can.concurrency`. */
  etag?: string;
  /** The JSON property that tells which table a lookup's value is of. */
  tableProperty?(object: ObjectSchema, column: string): string;
  /**
   * SQL text that yields what opens a row's JSON (no braces), never NULL: its type and, from column `id`, its identity. Only a
   * row to be created may have no id.
   */
  identity(object: ObjectSchema, op: BatchOp): string;
  /**
   * SQL texts of which `concat` makes `"name":value`, from the SQL expression `value` (canonical text or NULL, which clears).
   * All of a row's are put together at once: every step in between would copy them.
   */
  fragment(object: ObjectSchema, column: WireColumn, value: string): string[];
  /**
   * SQL text that yields the one property in which a new activity brings its parties along, NULL where all values are.
   * A value is the persons of one column: `contact:<id>`, several separated by semicolons.
   */
  parties?(object: ObjectSchema, columns: readonly { column: WireColumn; value: string }[]): string;
}

/**
 * `targets`: the tables a lookup is to point at. Where they are several, its values say which (`account:<id>`); where it is
 * one, they may.
 */
export type WireColumn = { name: string; targets?: readonly string[] };

/** Batches to have under way at once, and rows to put into the next one. */
export type Pace = { atOnce: number; rows: number };

/**
 * What one run may use of a connection. part: of the requests that one alone might have under way, 0 to 1; one at a time
 * always goes. shut: milliseconds in which nothing is sent, since the other side asked another run to wait.
 */
export type Share = { part: number; shut: number };
/** Has `tell` called with the share, at once where it is known, and with each new one. */
export type OnShare = (tell: (share: Share) => void) => void;

/** add, remove: rows that exist are put into a membership, or taken out of it. */
export type BatchOp = "create" | "update" | "delete" | "add" | "remove";

/**
 * What an audience's rows are members of: one record of another table, by a many-to-many relationship. A marketing list
 * is such a record. `navigation` leads from it to its members; `title` is what people call it.
 */
export type Membership = {
  relationship: string;
  object: string;
  set: string;
  id: string;
  navigation: string;
  title: string;
};

/** Something that the customer has set up to run whenever a row is written in a certain way. */
export type Trigger = {
  kind: (typeof triggerKinds)[number];
  name: string;
  op: BatchOp;
  /** Of add and remove: of this membership alone. */
  into?: Membership;
  /** Of update: only where one of these columns is written. */
  columns?: readonly string[];
  /** It looks at more than that, so that it may run for fewer rows. */
  filtered: boolean;
  /** Within the write, which it slows down and can refuse; otherwise afterwards. */
  sync: boolean;
  /** The connection's own settings keep it from running. */
  leftOut: boolean;
};

/**
 * What the other side does by itself when rows of a table are written. `audited`: columns whose changes are kept in its
 * audit history, as are rows made and deleted; undefined where nothing is audited, or nobody can tell. `unknown`: what
 * could not be looked at, a sentence each.
 */
export type Logic = { triggers: Trigger[]; audited?: ReadonlySet<string>; unknown: string[] };

/**
 * What goes with a deleted record: by these lookups records that point at it are `deleted`, and these (`table.column`) are
 * `emptied`.
 */
export type Dependents = { deleted: Pointer[]; emptied: string[] };
export type Pointer = { object: string; column: string };

export type Batch = {
  op: BatchOp;
  /** Of add and remove. */
  into?: Membership;
  /** Change numbers: from (inclusive) to (exclusive); numbers without a row in this batch are allowed. */
  from: number;
  to: number;
  rows: number;
  /** Of update and delete: a row is written only while its record has the version that `keys` tells (`etag`). */
  guarded?: boolean;
  /** The rows' JSON objects, comma-joined, in order; of delete, add and remove their ids alone. */
  elements: Uint8Array;
  keys(): Promise<RowKey[]>;
  /** The same rows, in order, in `parts` smaller batches: to isolate a bad one. Fails on one row. */
  split(parts: number): Promise<Batch[]>;
};

/** A whole request for one row, but for the token that it takes. `body`: JSON. */
export type RowRequest = { method: string; url: string; headers: Record<string, string>; body?: string };

/** `etag`: the version of the record; of guarded batches, and absent where the record is not known to be there. */
export type RowKey = { n: number; id: string | null; key: string; etag?: string };

/** The code of an outcome: the record has another version than `RowKey.etag`, so nothing was written. Status `rejected`. */
export const movedThere = "moved_there";

/** The code of an outcome: the record to be deleted was there no more, gone with another perhaps, so nothing was written. Status `deleted`. */
export const goneAlready = "gone_already";

/**
 * What became of a batch: its status holds for every row not named in `exceptions`. `ids` (creates only) are in row
 * order and exist only when the whole batch was created. `unknown` = sent, no trustworthy answer; the engine reads to find out.
 */
export type BatchOutcome = {
  status: "created" | "updated" | "deleted" | "unknown" | "failed";
  ids?: { n: number; id: string }[];
  exceptions: RowOutcome[];
};

export type RowOutcome = {
  n: number;
  status: "created" | "updated" | "deleted" | "rejected" | "failed" | "unknown";
  id?: string;
  code?: string;
  message?: string;
};
