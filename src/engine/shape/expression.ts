import { DuckDBInstance } from "@duckdb/node-api";
import { isBlankSql } from "../../core/blanks.ts";
import type { Scan } from "../../core/connector.ts";
import { type Place, SluiceError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import { ident, text } from "../duck.ts";
import type { Job } from "../job.ts";
import { near, place } from "./place.ts";
import { scalarFunctions } from "./scalar-functions.ts";

/** The row before declared types are put on: a name that no column of a model is likely to have. */
export const asRead = ident("row as read");

/** What a mapping line works out of a row: the source column `name`, by `sql` over the model's columns `reads` (see `expressed`). */
export type Expression = { name: string; type: string; sql: string; reads: string[] };

/** A scan whose `columns` hold what its expressions yield, too. Its `select` does not: it is worked out for rows looked at. */
export type Expressed = Scan & { expressions: Expression[] };

/**
 * SELECT of `items` (of expressions, and whatever else `from` has) over a relation with the columns `names` of the model.
 * An expression sees a column in its declared type; `asRead` has it as it was read.
 */
export function expressed(scan: Scan, names: string[], items: string[], from: string): string {
  const typed = Object.entries(scan.typed ?? {}).filter(([name]) => names.includes(name));
  const replaced =
    typed.length === 0 ? "" : ` REPLACE (${typed.map(([name, sql]) => `${sql} AS ${ident(name)}`).join(", ")})`;
  return `SELECT ${items.join(",\n  ")} FROM (SELECT ${asRead}, ${asRead}.*${replaced} FROM (${from}) ${asRead})`;
}

/** The source column that holds what the expression of a mapping line yields: STRUCT(v, failed VARCHAR). */
export const computedColumn = (target: string): string => `expression of ${target}`;

/**
 * The scan with one column more for every mapping line that is an expression, so that the mapping sees a source column
 * like any other. `v` is what it yields; where it fails on a row, `failed` holds the values it was given. Whatever it says
 * is checked before anything runs: one scalar expression over the row's own columns, its functions from a list.
 * @throws SluiceError expression_invalid, unknown_column, with the place in the sync's YAML
 */
export async function withExpressions(job: Job, scan: Scan): Promise<Expressed> {
  const lines = Object.entries(job.syncFile.mapping).filter(([, line]) => line.expression !== undefined);
  if (lines.length === 0) return { ...scan, expressions: [] };
  const instance = await DuckDBInstance.create(":memory:");
  const duck = await instance.connect();
  try {
    const ask = async (sql: string) => (await duck.runAndReadAll(sql)).getRowsJson();
    await ask("SET TimeZone = 'UTC'");
    await ask(`CREATE TABLE ${asRead} (${scan.columns.map((c) => `${ident(c.name)} ${c.type}`).join(", ")})`);
    const expressions: Expression[] = [];
    for (const [name, { expression }] of lines)
      expressions.push({
        name: computedColumn(name),
        ...(await readExpression(ask, scan, expression!, place(job, ["mapping", name, "expression"]))),
      });
    const columns = [...scan.columns, ...expressions.map(({ name, type }) => ({ name, type }))];
    return { ...scan, columns, expressions };
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
}

type Ask = (sql: string) => Promise<unknown[][]>;
type Node = { [key: string]: unknown };

async function readExpression(ask: Ask, scan: Scan, expression: string, at: Place): Promise<Omit<Expression, "name">> {
  const invalid = (message: string, remedy?: string) =>
    new SluiceError("expression_invalid", message, { place: at, ...(remedy && { remedy }) });
  const [[serialized] = []] = await ask(`SELECT json_serialize_sql(${text(`SELECT ${expression}\n`)})`);
  const parsed = JSON.parse(serialized as string) as {
    error_type?: string;
    error_message: string;
    statements?: Node[];
  };
  const only = parsed.statements?.length === 1 ? selected(parsed.statements[0]!.node as Node) : undefined;
  if (parsed.error_type === "parser") throw invalid(`The expression cannot be read: ${parsed.error_message}.`);
  if (!only) throw invalid("This is not one expression over the row's columns.");

  const used = new Set<string>();
  for (const node of nodes(only)) {
    const fault = forbidden(node);
    if (fault) throw invalid(fault.message, fault.remedy);
    if (node.class !== "COLUMN_REF") continue;
    const [name = ""] = node.column_names as string[];
    const known = scan.columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
    if (!known)
      throw new SluiceError("unknown_column", `The expression reads ${name}, which is no column of the model.`, {
        remedy: near(
          name,
          scan.columns.map((c) => c.name),
        ),
        place: at,
      });
    used.add(known.name);
  }
  // DuckDB's own spelling holds no comment that would swallow what follows.
  const [[plain] = []] = await ask(`SELECT json_deserialize_sql(${text(serialized as string)})`);
  const sql = (plain as string).replace(/^SELECT /, "").replace(/;$/, "");
  const typed = Object.entries(scan.typed ?? {}).filter(([name]) => used.has(name));
  const replaced =
    typed.length === 0 ? "" : ` REPLACE (${typed.map(([name, of]) => `${of} AS ${ident(name)}`).join(", ")})`;
  try {
    // What reads no column must work here: it is the same for every row.
    if (used.size === 0) await ask(`SELECT ${sql}`);
    const [[, type] = []] = await ask(
      `DESCRIBE SELECT (${sql}) AS v FROM (SELECT *${replaced} FROM ${asRead}) ${asRead}`,
    );
    return {
      sql: guarded(
        sql,
        type as string,
        [...used],
        typed.map(([name]) => name),
      ),
      type: type as string,
      reads: [...used],
    };
  } catch (thrown) {
    const [message = ""] = (thrown as Error).message.split("\n");
    throw invalid(`The expression does not run: ${message.replace(/^.*? Error: /, "")}`);
  }
}

/**
 * A value of a declared type that does not fit it would be empty in the expression, and so go unseen: such a row fails as
 * one does that the expression itself fails on.
 */
function guarded(sql: string, type: string, used: string[], typed: string[]): string {
  const raw = (name: string) => `${asRead}.${ident(name)}::VARCHAR`;
  const misfits = typed.map((name) => `(NOT ${isBlankSql(raw(name))} AND ${ident(name)} IS NULL)`);
  const value = `TRY({'v': (${sql}), 'failed': NULL::VARCHAR})`;
  const given = used.map((name) => `${text(`${name} = `)} || coalesce(${raw(name)}, '(empty)')`);
  const failed = `{'v': NULL::${type}, 'failed': concat_ws(', ', ${["''", ...given].slice(given.length ? 1 : 0).join(", ")})}`;
  return `coalesce(${misfits.length ? `CASE WHEN NOT (${misfits.join(" OR ")}) THEN ${value} END` : value}, ${failed})`;
}

/** The one item of a SELECT that has nothing else. */
function selected(node: Node): Node | undefined {
  const items = node.select_list as Node[] | undefined;
  const bare =
    node.type === "SELECT_NODE" &&
    items?.length === 1 &&
    (node.from_table as Node).type === "EMPTY" &&
    [node.where_clause, node.having, node.qualify, node.sample].every((part) => part === null) &&
    [node.modifiers, node.group_expressions, (node.cte_map as Node).map].every(
      (part) => (part as unknown[]).length === 0,
    );
  return bare && items[0]!.alias === "" ? items[0] : undefined;
}

const plainClasses = [
  "COLUMN_REF",
  "CONSTANT",
  "CAST",
  "CASE",
  "COMPARISON",
  "CONJUNCTION",
  "OPERATOR",
  "BETWEEN",
  "FUNCTION",
];
const called: Record<string, string> = {
  SUBQUERY: "a subquery",
  WINDOW: "a window function",
  STAR: "`*`",
  LAMBDA: "a lambda",
  PARAMETER: "a parameter",
};

function forbidden(node: Node): { message: string; remedy: string } | undefined {
  if (typeof node.class !== "string") return undefined;
  if (!plainClasses.includes(node.class))
    return {
      message: `The expression holds ${called[node.class] ?? `a part of the kind ${node.class.toLowerCase()}`}; it may only work on the row's own columns.`,
      remedy: "Put it into the model's SQL, and map the column it yields.",
    };
  if (node.class !== "FUNCTION") return undefined;
  const name = String(node.function_name).toLowerCase();
  const of = [node.catalog, node.schema].filter((part) => part !== "" && part !== "main");
  const bare = node.filter === null && !node.distinct && of.length === 0;
  if (bare && scalarFunctions.has(name)) return undefined;
  return {
    message: `The expression calls ${[...of, name].join(".")}(), which is not allowed there.`,
    remedy: scalarFunctions.has(name)
      ? `Write it as ${name}(...), without anything before or after it.`
      : `${offered(name)}Work the value out in the model's SQL, and map the column it yields.`,
  };
}

const words = [...scalarFunctions].filter((name) => /^[a-z]/.test(name));

function offered(name: string): string {
  const close = nearest(name, words);
  return close.length > 0 ? `Did you mean ${close.join(" or ")}? ` : "";
}

function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodes(item);
  else if (value !== null && typeof value === "object") {
    yield value as Node;
    for (const item of Object.values(value)) yield* nodes(item);
  }
}
