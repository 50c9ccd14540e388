import type { Clock } from "../clock.ts";
import type { Cell, Row } from "./row.ts";

/** What a column holds. `managed` is a boolean with whether it can be changed; `zoneless` is a time-zone-independent date and time; `choices` is multi-select. */
export type Kind =
  | "text"
  | "memo"
  | "int"
  | "bigint"
  | "decimal"
  | "double"
  | "money"
  | "bool"
  | "datetime"
  | "zoneless"
  | "date"
  | "choice"
  | "choices"
  | "state"
  | "status"
  | "lookup"
  | "customer"
  | "owner"
  | "guid"
  | "entityname"
  | "managed"
  | "virtual"
  | "image"
  | "file"
  | "party";

export type Level = "None" | "SystemRequired" | "ApplicationRequired" | "Recommended";

/** What something is called in other languages than English, by the language's number. */
export type Words = Record<number, string>;

/** `state` ties a status to its state; `fallback` is a state's default status. */
export type Option = {
  value: number;
  label: string;
  words?: Words | undefined;
  state?: number;
  fallback?: number;
  description?: string;
  color?: string;
};

/** A choice that several columns share (`GlobalOptionSetDefinitions`). `bool`: exactly a false and a true option. */
export type OptionSet = {
  name: string;
  label: string;
  words?: Words | undefined;
  description?: string | undefined;
  id: string;
  bool: boolean;
  options: Option[];
};

export type Column = {
  name: string;
  schema: string;
  label: string;
  words?: Words | undefined;
  kind: Kind;
  level: Level;
  create: boolean;
  update: boolean;
  custom: boolean;
  /** Shown in metadata only; not stored in the table itself. */
  logical: boolean;
  secured: boolean;
  /** Can be written but never read (IsValidForRead false): secrets. */
  writeOnly?: boolean;
  /** In UTF-16 units. */
  max?: number;
  range?: [number, number];
  /** Digits after the point. */
  precision?: number;
  /** Money: 0 own precision, 1 the organisation's, 2 the currency's. */
  source?: number;
  format?: string;
  /** The value a new row gets when none is sent. */
  initial?: string | number | boolean;
  /** The column this one only accompanies (`owneridname` of `ownerid`): in metadata, never in rows. */
  of?: string;
  options?: Option[];
  /** The global option set whose options these are. */
  global?: string;
  description?: string;
  /** IsAuditEnabled, shown only. */
  audited?: boolean;
  /** When a client made it, by the environment's clock. */
  made?: number;
  /** The pattern by which the server numbers rows (`AutoNumberFormat`). */
  autoNumber?: string;
  /** Of a file or image: the most kilobytes (MaxSizeInKB). */
  maxKb?: number;
  /** Of an image: more than the thumbnail is kept (CanStoreFullImage). */
  full?: boolean;
  /** It accompanies another column, and is a property of rows all the same. */
  shown?: boolean;
  /** The number its next row gets. */
  counted?: number;
  targets?: string[];
  id: string;
  /** Place in the row, given on the first write; -1: no row has a value. */
  slot: number;
  /** Lookups with several targets keep the target table's name beside the id. */
  typeSlot: number;
  /** Worked out on reading instead of stored. */
  computed?: (row: Row) => Cell;
  /** Default for rows that predate no write: read where the slot is empty. Only columns of the delivered schema. */
  implied: Cell;
};

/** A lookup of the table that has it. */
export type Relation = {
  column: string;
  target: string;
  /** Navigation property on this side, and on the target's (undefined: the relationship's schema name). */
  navigation: string;
  collection?: string;
  schema: string;
  /** What deleting the target does to rows that look at it. Undefined: RemoveLink. */
  onDelete?: "RemoveLink" | "Restrict" | "Cascade" | "NoCascade";
  /** Made by a client. */
  custom?: boolean;
  /** The other actions of its CascadeConfiguration, shown only. */
  cascade?: Record<string, string>;
  hierarchical?: boolean;
  /** The label of the associated menu. */
  menu?: string;
  /** IsValidForAdvancedFind is false. */
  hidden?: boolean;
};
export type ManyToMany = {
  schema: string;
  first: string;
  firstNavigation: string;
  second: string;
  secondNavigation: string;
  intersect: string;
  custom?: boolean;
  /** The labels of the menus at both ends, and IsValidForAdvancedFind false: shown only. */
  menus?: (string | undefined)[];
  hidden?: boolean;
};

/** An alternate key and its index from folded values to rows. */
export type KeyIndex = {
  name: string;
  schema: string;
  label: string;
  id: string;
  columns: Column[];
  rows: Map<string, Row>;
  /** Rows whose values clashed when the index was built: the key never becomes active. */
  failed: boolean;
  /** The time of its creation by the environment's clock (undefined: delivered), and how often its status was read since: what ends `Pending`. */
  clock?: Clock;
  created: number;
  reads: number;
};

export type Table = {
  name: string;
  schema: string;
  set: string;
  label: string;
  words?: Words | undefined;
  plural: string;
  code: number;
  idColumn: string;
  nameColumn: string | undefined;
  owned: "user" | "business" | "organization" | "none";
  tracking: boolean;
  concurrency: boolean;
  activity: boolean;
  custom: boolean;
  /** CreateMultiple and UpdateMultiple exist for it. */
  bulk: boolean;
  /** Other software fills it: the Web API only reads. */
  seedOnly: boolean;
  /** Its rows are made within those of another table (deep insert), and by no message of their own. */
  within: boolean;
  /** Holds the pairs of a many-to-many relationship; written by associating, not row by row. */
  intersect: boolean;
  description?: string;
  /** When a client made it, by the environment's clock. */
  made?: number;
  /** HasNotes and HasActivities, shown only. */
  notes?: boolean;
  activities?: boolean;
  /** The image column that stands for the row (PrimaryImageAttribute). */
  primaryImage?: string;
  /** IsDuplicateDetectionEnabled. */
  duplicates?: boolean;
  /** IsAuditEnabled, shown only. */
  audited?: boolean;
  id: string;
  columns: Map<string, Column>;
  relations: Relation[];
  manyToMany: ManyToMany[];
  keys: KeyIndex[];
  /** The column `partitionid`, which elastic tables have and which is part of what identifies their rows; undefined: a standard table. */
  partition: Column | undefined;
  /** The next free place in a row. */
  slots: number;
  /** Goes up with every change of columns or keys, so that what was compiled from them is compiled again. */
  shape: number;

  rows: Row[];
  /** By id; in an elastic table by id and partition (records/partition.ts). */
  byId: Map<string, Row>;
  /** Every write in order: the row and the version it got. An entry is current while both agree. */
  log: Row[];
  logVersions: number[];
  /** Tombstones: under what the row stood in `byId`, which begins with its id. */
  deleted: { key: string; version: number }[];
};

/** Columns that are properties of the row's type in the Web API (dataverse.md section 3: companions are not). */
export function isProperty(column: Column): boolean {
  if (column.kind === "virtual" || column.kind === "party") return false;
  return column.of === undefined || column.shown || column.of === "entityimageid" || column.name === "ownerid";
}

/**
 * The column whose name is the key in addresses: the primary id, or for users and teams `ownerid`, which their types
 * inherit from `principal` (dataverse.md section 4). It holds the same id.
 */
export function keyColumnOf(table: Table): Column {
  const id = table.columns.get(table.idColumn)!;
  const inherited = table.columns.get("ownerid");
  return inherited?.of === id.name ? inherited : id;
}

const NUMBERS = new Set<string>(["int", "bigint", "decimal", "double", "money", "choice", "state", "status"]);

/** Whether values of this kind are compared as numbers; a choice is by its value. */
export function isNumber(kind: string): boolean {
  return NUMBERS.has(kind);
}

/** Whether the column holds the id of a row. */
export function isLookup(column: Column): boolean {
  return column.kind === "lookup" || column.kind === "customer" || column.kind === "owner";
}

/** The name a column goes by in payloads and queries. */
export function propertyName(column: Column): string {
  return isLookup(column) ? `_${column.name}_value` : column.name;
}

/** Gives the column its place in the rows. */
export function slotOf(table: Table, column: Column): number {
  if (column.slot < 0) column.slot = table.slots++;
  return column.slot;
}

/** Gives the column a place for the name of the table it leads to. */
export function typeSlotOf(table: Table, column: Column): number {
  if (column.typeSlot < 0) column.typeSlot = table.slots++;
  return column.typeSlot;
}

/** The value of a column in a row, defaults included; null when there is none. */
export function read(row: Row, column: Column): Cell {
  if (column.computed !== undefined) return column.computed(row);
  const value = column.slot < 0 ? undefined : row[column.slot];
  return value === undefined ? column.implied : value;
}

/** The table a lookup points at, or undefined when the lookup is empty. */
export function readTarget(row: Row, column: Column): string | undefined {
  if (read(row, column) === null) return undefined;
  const stored = column.typeSlot < 0 ? undefined : row[column.typeSlot];
  return typeof stored === "string" ? stored : column.targets?.[0];
}

export const isPolymorphic = (column: Column): boolean => (column.targets?.length ?? 0) > 1;

/** Whether a lookup holds the row of the target table that has this id. */
export function pointsAt(row: Row, column: Column, target: Table, id: string): boolean {
  return read(row, column) === id && (!isPolymorphic(column) || readTarget(row, column) === target.name);
}
