import type { Cell } from "../row.ts";

export type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

export type LiteralKind = "string" | "number" | "boolean" | "guid" | "date" | "datetime" | "null" | "enum";

export type Literal = { kind: "literal"; type: LiteralKind; value: Cell };

/** What can stand on either side of a comparison. */
export type Operand = Literal | { kind: "path"; path: string[] };

/** `nav/any(v:body)`; without a body it asks whether there is anything at all. */
export type Lambda = {
  kind: "lambda";
  quantifier: "any" | "all";
  path: string[];
  variable: string | undefined;
  body: Expression | undefined;
};

/** `Microsoft.Dynamics.CRM.Name(PropertyName='a',...)`; in a lambda `v/` may stand in front and is `scope`. */
export type Call = {
  kind: "call";
  name: string;
  scope: string[];
  arguments: Map<string, Literal | { kind: "list"; values: unknown[] }>;
};

/** A parsed $filter. */
export type Expression =
  | { kind: "compare"; operator: Comparison; left: Operand; right: Operand }
  | { kind: "and" | "or"; parts: Expression[] }
  | { kind: "not"; part: Expression }
  | { kind: "text"; test: "contains" | "startswith" | "endswith"; left: Operand; right: Operand }
  | { kind: "operand"; operand: Operand }
  | Lambda
  | Call;
