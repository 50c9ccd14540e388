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
  | "parties" // the people an activity is with: made with the row, kept as rows of their own
  | "other"; // readable at most; never a mapping target

/** `labels`: in every installed language, `label` among them. */
export type Choice = {
  value: number;
  label: string;
  labels?: string[];
  /** Of a status: the state it belongs to. */
  state?: number;
  /** Of a state: the message that alone may set it. */
  message?: string;
};

/** A many-to-many relationship, by its schema name: `navigation` leads from a row of the table to rows of `object`. */
export type ManyToMany = { name: string; navigation: string; object: string; set: string; intersect: string };

/** One table a lookup may point at. `navigation` is the name a write must use. */
export type LookupTarget = { object: string; set: string; navigation: string };

export type Column = {
  name: string;
  title: string;
  /** Another one when the column was removed and made anew. */
  uid?: string;
  type: ColumnType;
  /** The API itself refuses a row without it. */
  required: boolean;
  /** The API takes no empty value for it, but a row without it, which gets or keeps its own: an owner, a state. */
  neverEmpty?: boolean;
  /** Forms ask for it; the API does not. */
  requiredInForms?: boolean;
  create: boolean;
  update: boolean;
  /** The server works it out from other columns, so nothing can be written to it. */
  computed?: "calculated" | "rollup" | "formula" | "prompt";
  /** Of type other: what the destination calls its type, such as File or Image. */
  native?: string;
  /** Who may read or write it is a question of field security profiles, beside the table's privileges. */
  secured?: boolean;
  /** What the text is said to be. Nobody enforces it but us, and only where a mapping asks for it. */
  format?: "email" | "phone" | "url" | "multiline";
  /** Of a datetime; see docs/project-files.md, "Dates and times". `dateOnly`: forms show the day alone, in the reader's zone. */
  behavior?: "UserLocal" | "TimeZoneIndependent";
  dateOnly?: boolean;
  /** In UTF-16 units. */
  maxLength?: number;
  min?: number;
  max?: number;
  /** Digits after the decimal point. Of money: the most that any of the currencies takes, where these decide. */
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
  /** Many-to-many relationships of the table. */
  pairs?: ManyToMany[];
  /** virtual: another system's rows, read only. elastic: no transactions, so it is not written to. */
  kind?: "standard" | "virtual" | "elastic";
  /** Why it takes no rows of its own, in words that follow a colon. */
  takesNone?: string;
  activity?: boolean;
  /** Of an activity: the navigation that leads to the rows of its parties. */
  parties?: string;
  /** Records have an owner, a user or a team. */
  owned?: boolean;
  /** Of users and teams: the column, and its value, of those that may own nothing. */
  ownsNot?: { column: string; value: string };
  /**
   * What this table can do; false means the engine takes the slower way. bulk: many rows in one call. deltas: tell what
   * changed since. concurrency: write only where nobody else has written since we read. bulkCreate: false where the rows that
   * a sync makes bring rows of another table along, so that only updates go in bulk.
   */
  can: { bulk: boolean; deltas: boolean; concurrency?: boolean; bulkCreate?: boolean };
};

/**
 * The columns a person may mean: by the name, by the name completed with `prefix`, or by title, in this order and all in any
 * case. (A schema name is the name in another case.) Several only where they have one title.
 */
export function columnsNamed({ columns }: Pick<ObjectSchema, "columns">, name: string, prefix?: string): Column[] {
  const wanted = name.toLowerCase();
  const named = (other: string) => columns.filter((c) => c.name.toLowerCase() === other);
  for (const found of [named(wanted), prefix === undefined ? [] : named(prefix + wanted)])
    if (found.length > 0) return found;
  return columns.filter((c) => c.title.toLowerCase() === wanted);
}

const readOnly = {
  virtual: "is a virtual table: its rows are another system's, and Sluice only reads them.",
  elastic: "is an elastic table: it writes without transactions, so Sluice only reads it.",
};

/** The sentence that says why the table takes no plain rows; undefined where it does. */
export function whyReadOnly({ name, kind, takesNone }: ObjectSchema): string | undefined {
  if (kind === "virtual" || kind === "elastic") return `${name} ${readOnly[kind]}`;
  return takesNone === undefined ? undefined : `${name} takes no rows of its own: ${takesNone}.`;
}

/** Columns that forms ask for when a record is made, and the API does not, among those a sync does not map. */
export function askedInForms({ columns }: ObjectSchema, mapped: ReadonlySet<string>): string[] {
  return columns.filter((c) => c.requiredInForms && c.create && !mapped.has(c.name)).map((c) => c.name);
}

/** Why no update makes records of the table inactive (state 1); undefined where one does. */
export function whyNeverInactive({ columns }: ObjectSchema): string | undefined {
  const state = columns.find((c) => c.type === "state");
  if (!state?.update) return "they have no state that may be written";
  const inactive = state.choices?.find((choice) => choice.value === 1);
  return inactive?.message && `only ${inactive.message} makes them "${inactive.label}"`;
}
