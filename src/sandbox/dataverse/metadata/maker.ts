import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { read, type Table } from "../model.ts";
import { type ApiRequest, headerOf } from "../request.ts";
import { type Cell, isAlive, type Row } from "../row.ts";

/** The JSON of a definition. */
export type Body = Record<string, unknown>;

/**
 * Who changes the schema, and for which solution: that decides prefixes of names and of option values. `mergeLabels`:
 * the header `MSCRM.MergeLabels`.
 */
export type Maker = { environment: Environment; solution: string | undefined; mergeLabels: boolean };

/**
 * The maker of a request, its solution checked: the header `MSCRM.SolutionUniqueName`, or what an action names. Throws 501 within a change set: schema changes
 * cannot be undone with it.
 */
export function makerOf(request: ApiRequest, named?: unknown): Maker {
  if (request.tx) throw errors.notBuilt("Changing the schema within a change set");
  const solution = typeof named === "string" ? named : headerOf(request, "mscrm.solutionuniquename");
  const mergeLabels = headerOf(request, "mscrm.mergelabels")?.toLowerCase() === "true";
  const maker = { environment: request.environment, solution, mergeLabels };
  if (solution !== undefined) solutionRow(maker, solution);
  return maker;
}

/** Publisher prefix, underscore, name: what everything custom must be called. */
const CUSTOM_NAME = /^([A-Za-z][A-Za-z0-9]{1,7})_[A-Za-z0-9_]+$/;
const LONGEST_NAME = 100;

/** A SchemaName that begins with the customization prefix of a publisher of the environment. Throws 400 otherwise. */
export function customName(maker: Maker, schema: unknown, what: string): string {
  const name = typeof schema === "string" ? schema : "";
  const prefix = CUSTOM_NAME.exec(name)?.[1];
  const publishers = maker.environment.tables.get("publisher")!;
  const known = rowsOf(publishers).map((row) => String(cell(publishers, row, "customizationprefix")).toLowerCase());
  // Microsoft's SDK for Python calls the relationship of a lookup `contact_new_employee_new_ManagerId`, so the service
  // must take names of relationships in which the prefix stands further on.
  const within = what === "relationship" && /^\w+_\w+_\w+$/.test(name);
  // It should be that of the solution's own publisher, says the refusal; that any other's is refused is not documented.
  const named = prefix !== undefined && known.includes(prefix.toLowerCase());
  if (!named && !within) {
    throw errors.badSchema(
      `The ${what} name '${String(schema).slice(0, 100)}' is invalid or missing and must start with a valid customization prefix. The prefix for a solution component should match the prefix that is specified for the publisher of the solution: ${known.join(", ")}.`,
    );
  }
  if (name.length > LONGEST_NAME) throw errors.badSchema(`The ${what} name is longer than ${LONGEST_NAME}.`);
  return name;
}

/** The first value of new options: the publisher's option value prefix x 10000 (dataverse.md section 3). */
export function firstOptionValue(maker: Maker): number {
  const publishers = maker.environment.tables.get("publisher")!;
  let publisher: Row | undefined = rowsOf(publishers)[0];
  if (maker.solution !== undefined) {
    const solutions = maker.environment.tables.get("solution")!;
    const id = cell(solutions, solutionRow(maker, maker.solution), "publisherid");
    publisher = publishers.byId.get(String(id)) ?? publisher;
  }
  return Number(publisher ? cell(publishers, publisher, "customizationoptionvalueprefix") : 10_000) * 10_000;
}

function solutionRow(maker: Maker, name: string): Row {
  const solutions = maker.environment.tables.get("solution")!;
  const wanted = name.toLowerCase();
  const row = rowsOf(solutions).find((each) => String(cell(solutions, each, "uniquename")).toLowerCase() === wanted);
  if (!row) throw errors.noSuchSolution(name);
  return row;
}

function rowsOf(table: Table): Row[] {
  return table.rows.filter(isAlive);
}

function cell(table: Table, row: Row, column: string): Cell {
  return read(row, table.columns.get(column)!);
}

/** Tells every reader that a table has changed: what was compiled from it is compiled again. */
export function changed(environment: Environment, table?: Table): void {
  if (table) table.shape++;
  environment.metadataVersion++;
}
