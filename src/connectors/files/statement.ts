import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { type Duck, firstLine, literal } from "./duck.ts";

type Node = { [key: string]: unknown };

/** Kinds of FROM that read nothing but the connection's tables. */
const allowedFrom = new Set([
  "BASE_TABLE",
  "SUBQUERY",
  "JOIN",
  "EMPTY",
  "EXPRESSION_LIST",
  "PIVOT",
  "TABLE_FUNCTION",
  "CTE",
]);
const allowedFunctions = new Set(["range", "generate_series", "unnest"]);
/** Functions of a row that look at more than they are given: at whatever a text of SQL names, at settings, views and this very statement. */
const looksAround = new Set([
  "json_serialize_plan",
  "current_setting",
  "current_query",
  "getvariable",
  "pg_get_viewdef",
  "pg_get_constraintdef",
  "write_log",
]);

/** One SELECT, ready to stand inside parentheses, and the tables it reads. */
export type Statement = { sql: string; tables: string[] };

/**
 * Checks that a text is one SELECT over `tables` and nothing else: no file, no table function, no other statement.
 * @throws SluiceError sql_invalid, unknown_name (a table that the connection does not have)
 */
export async function readStatement(duck: Duck, sql: string, tables: readonly string[]): Promise<Statement> {
  const parsed = await serialize(duck, sql);
  if (parsed.error) {
    throw parsed.error_type === "parser"
      ? invalid(`The SQL cannot be read: ${parsed.error_message}${lineOf(sql, parsed.position)}.`)
      : invalid("The SQL is not one SELECT: only a SELECT may stand in a model or an audience.");
  }
  if (parsed.statements.length !== 1) {
    throw invalid(
      parsed.statements.length === 0
        ? "The SQL is empty."
        : `The SQL holds ${parsed.statements.length} statements; only one SELECT may stand there.`,
    );
  }
  const used = new Set<string>();
  checkNodes(parsed.statements, tables, new Set(), used);
  return { sql: await inParentheses(duck, sql), tables: [...used].sort() };
}

type Parsed = { error: boolean; error_type: string; error_message: string; position?: string; statements: Node[] };

async function serialize(duck: Duck, sql: string): Promise<Parsed> {
  const [row] = await duck.rows<{ j: string }>(`SELECT json_serialize_sql(${literal(sql)}) AS j`);
  return JSON.parse(row?.j ?? "") as Parsed;
}

/** A semicolon or a comment at the end would swallow the closing parenthesis; DuckDB's own spelling has neither. */
async function inParentheses(duck: Duck, sql: string): Promise<string> {
  const plain = sql.replace(/[\s;]+$/, "");
  const wrapped = await serialize(duck, `SELECT * FROM (\n${plain}\n)`);
  if (!wrapped.error && wrapped.statements.length === 1) return plain;
  const [row] = await duck.rows<{ s: string }>(`SELECT json_deserialize_sql(json_serialize_sql(${literal(sql)})) AS s`);
  return (row?.s ?? plain).replace(/[\s;]+$/, "");
}

/**
 * Checks a node and all below it. `named`: the WITH names that count there. Where a name does not count DuckDB looks for a table,
 * and at last for a file: a name counts in what follows it, below the node that has it; in itself only in the recursive part.
 */
function checkNodes(value: unknown, tables: readonly string[], named: ReadonlySet<string>, used: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) checkNodes(item, tables, named, used);
  if (Array.isArray(value) || value === null || typeof value !== "object") return;
  const { cte_map: ctes, ...node } = value as Node;
  checkNode(node, tables, named, used);
  let inside = named;
  for (const { key, value: query } of (ctes as { map?: { key: string; value: unknown }[] } | undefined)?.map ?? []) {
    checkNodes(query, tables, inside, used);
    inside = new Set([...inside, folded(key)]);
  }
  const again = new Set([...inside, folded(String(node.cte_name))]);
  for (const [part, item] of Object.entries(node))
    checkNodes(item, tables, node.type === "RECURSIVE_CTE_NODE" && part === "right" ? again : inside, used);
}

/** As DuckDB does: to it, names that differ in the case of other letters (K and the Kelvin sign, say) are two, of which one may be a file. */
const folded = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

function checkNode(node: Node, tables: readonly string[], named: ReadonlySet<string>, used: Set<string>): void {
  const type = node.type;
  const isFrom = "sample" in node && "alias" in node && !("class" in node);
  if (type === "VALUE_PARAMETER") throw invalid("The SQL holds a parameter ($1 or ?); nothing would fill it.");
  if (isFrom && typeof type === "string" && !allowedFrom.has(type))
    throw invalid("The SQL may only read tables (no SHOW, DESCRIBE or SUMMARIZE).");
  if (type === "TABLE_FUNCTION") {
    const name = String((node.function as Node | undefined)?.function_name ?? "").toLowerCase();
    if (!allowedFunctions.has(name))
      throw invalid(`The SQL calls ${name}(); only the connection's tables may be read.`);
  }
  const called = String(node.function_name ?? "").toLowerCase();
  if (looksAround.has(called))
    throw invalid(`The SQL calls ${called}(), which looks at more than the connection's tables.`);
  if (type !== "BASE_TABLE") return;
  const name = String(node.table_name);
  const owner = [node.catalog_name, node.schema_name].filter((n) => n !== "" && n !== undefined).join(".");
  if (owner !== "")
    throw invalid(`The SQL reads ${owner}.${name}; only the connection's tables may be read, by their bare name.`);
  if (named.has(folded(name))) return;
  const known = tables.find((t) => folded(t) === folded(name));
  if (known !== undefined) used.add(known);
  else {
    throw new SluiceError(
      "unknown_name",
      `The SQL reads \`${name}\`, which is no table of the connection${didYouMean(name, tables) || "."}`,
      {
        remedy:
          tables.length > 0
            ? `Correct the name. Tables there: ${tables.slice(0, 20).join(", ")}.`
            : "Put the file into the connection's folder.",
      },
    );
  }
}

/** DuckDB's error in the words of the person who wrote the SQL. */
export function invalid(message: string, cause?: unknown): SluiceError {
  return new SluiceError("sql_invalid", message, { cause });
}

/** The error for a statement that parses but does not run. */
export function doesNotRun(thrown: unknown): SluiceError {
  return invalid(`The SQL does not run: ${firstLine(thrown)}`, thrown);
}

function lineOf(sql: string, position: string | undefined): string {
  if (position === undefined) return "";
  return `, line ${sql.slice(0, Number(position)).split("\n").length}`;
}
