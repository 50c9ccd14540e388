import type { Membership, Scan, WireColumn } from "../core/connector.ts";
import type { MappingLine } from "../core/project.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import type { ColumnPolicies, ColumnRole, Policies } from "../core/state.ts";
import type { Expression } from "./shape/expression.ts";

/** One destination column of a sync. Its index is its bit in every mask. */
export type ShapeColumn = {
  index: number;
  name: string;
  wire: WireColumn;
  target: Column;
  role: ColumnRole;
  policies: ColumnPolicies;
  /** Of role mapped, with what the mapping calls the column: where its errors stand. */
  line?: MappingLine;
  said?: string;
  /** The source column of a mapped one; absent where the line is a constant. */
  source?: ShapeSource;
  /** Of role status: position in `Shape.audiences`. */
  audience?: number;
  /** How a lookup finds its parent: tried in order. */
  ways?: Way[];
  /** A lookup column that may point at several tables: its values say at which (`account:<id>`). */
  tabled?: boolean;
  /** A state that nobody maps, but a status that is mapped decides. */
  follows?: true;
  /** A lookup into the sync's own table: the ways whose parent may be another row of this run, and by which columns. */
  awaits?: { way: number; by: readonly ShapeColumn[]; missing: Way["missing"]; hint: string }[];
  /** Whether `onLeave: clear` empties it. */
  clear: boolean;
};

/** A column of the model's scan. `said`: what the mapping calls it. `computed`: it is an expression's (`shape/expression.ts`). */
export type ShapeSource = { name: string; said: string; type: string; computed: boolean };

/** One way a lookup finds its parent. `keys`: the parent's columns, and the mapping line that gives the value of each. */
export type Way = {
  ref: string;
  object: string;
  keys: { column: Column; line: MappingLine; source?: ShapeSource }[];
  missing: "reject" | "null" | "create";
  /** Of a table whose missing records are made: the column people know them by, where it is none of the keys. */
  label?: Column;
  /** Users and teams that may own nothing are refused. */
  owner: boolean;
};

/** Records a lookup looks among: what is read to tell a parent's id by the values of `by`. */
export type Ref = { name: string; object: ObjectSchema; by: Column[] };

/** A sync, checked against what source and destination really have: all that the SQL is made from. */
export type Shape = {
  sync: string;
  object: ObjectSchema;
  columns: ShapeColumn[];
  /**
   * The parties of an activity: sent with the rows that are made, and never compared, for they are rows of their own. Their
   * index names them in the SQL; it is no bit of a mask.
   */
  parties: ShapeColumn[];
  /** Those of `columns` that tell which record a row is. */
  match: ShapeColumn[];
  /** An active alternate key stands on exactly the match columns: it guards against doubled creates. */
  keyed: boolean;
  policies: Policies;
  /** Records are only written and deleted in the version that was compared with the plan (`guarded.ts`). */
  strict: boolean;
  /** Source columns that are read, in order, and what is worked out of them for the rows looked at. */
  used: string[];
  computed: Expression[];
  key: string[];
  audiences: { name: string; where?: string; scan: Scan }[];
  /** What audiences put their rows into, instead of writing a column. `list` names it in the state. */
  memberships: { list: string; audience: number; into: Membership }[];
  refs: Ref[];
  /** Changes with everything that makes a row's want: then every row is looked at once more. */
  fingerprint: string;
};
