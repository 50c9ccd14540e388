/** What a destination stores, as every connector describes it. Names are the destination's own, exact in case. */

export type ColumnType =
  | "text"
  | "integer"
  | "decimal"
  | "money"
  | "double"
  | "boolean"
  | "date" // a day without time or zone
  | "datetime" // an instant, to the second
  | "choice"
  | "choices"
  | "state"
  | "status"
  | "lookup"
  | "guid"
  | "other"; // readable at most; never a mapping target

export type Choice = { value: number; label: string; state?: number };

/** One table a lookup may point at. `navigation` is the name a write must use. */
export type LookupTarget = { object: string; set: string; navigation: string };

export type Column = {
  name: string;
  title: string;
  type: ColumnType;
  /** The API itself refuses a row without it (forms may ask for more: that is not our business). */
  required: boolean;
  create: boolean;
  update: boolean;
  /** In UTF-16 units. */
  maxLength?: number;
  min?: number;
  max?: number;
  /** Digits after the decimal point. */
  precision?: number;
  choices?: Choice[];
  targets?: LookupTarget[];
};

export type Key = { name: string; columns: string[]; active: boolean };

export type ObjectSummary = { name: string; title: string };

export type ObjectSchema = ObjectSummary & {
  /** The plural name used in addresses. */
  set: string;
  /** The column that holds the destination's own id. */
  id: string;
  /** The column people know a row by. */
  label: string;
  columns: Column[];
  keys: Key[];
  /** What this table can do; false means the engine takes the slower way. */
  can: { bulk: boolean; deltas: boolean };
};
