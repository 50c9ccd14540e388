import type { Cell } from "../row.ts";

export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

export type LiteralKind = "string" | "number" | "boolean" | "guid" | "date" | "datetime" | "null" | "enum";

/** What can stand on either side of a comparison. */
export type Operand = { kind: "literal"; type: LiteralKind; value: Cell } | { kind: "path"; path: string[] };

/** A parsed $filter. */
export type Expression =
  | { kind: "compare"; operator: Comparison; left: Operand; right: Operand }
  | { kind: "and" | "or"; parts: Expression[] }
  | { kind: "not"; part: Expression }
  | { kind: "text"; test: "contains" | "startswith" | "endswith"; left: Operand; right: Operand }
  | { kind: "in"; path: string[]; values: unknown[]; negated: boolean }
  | { kind: "operand"; operand: Operand };
