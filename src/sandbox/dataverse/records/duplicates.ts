import { fold } from "../collation.ts";
import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, pointsAt, read, type Table } from "../model.ts";
import { type Cell, idOf, isAlive, type Row } from "../row.ts";
import type { Transaction } from "./transaction.ts";

type Condition = { base: Column; matching: Column; operator: number; length: number; ignoreBlank: boolean };

/** A published rule with its conditions: when is a row of the base table a duplicate of one of the matching table? */
export type DuplicateRule = {
  matching: Table;
  conditions: Condition[];
  caseSensitive: boolean;
  activeOnly: boolean;
  /** Rows of the matching table by their code; filled on first use, and used for one request only. */
  codes?: Map<string, Row[]>;
};

/** What rows are known of within one transaction, so that a bulk request reads a table once and not once a row. */
const known = new WeakMap<Transaction, Map<Table, DuplicateRule[]>>();

/**
 * Throws 0x80040333 when a published rule finds another row that the written one is a duplicate of
 * (dataverse.md section 12; manage-duplicate-detection-create-update.md).
 */
export function refuseDuplicates(tx: Transaction, table: Table, row: Row): void {
  const rules = known.get(tx) ?? new Map<Table, DuplicateRule[]>();
  known.set(tx, rules);
  const own = rules.get(table) ?? publishedRules(tx.environment, table);
  rules.set(table, own);
  for (const rule of own) {
    const others = duplicates(rule, (column) => read(row, column));
    if (others.some((other) => other !== row)) throw errors.duplicateFound();
  }
  // Later rows of the same request are compared with this one too.
  for (const each of rules.values()) {
    for (const rule of each) if (rule.matching === table) remember(rule, row);
  }
}

/** The rows of the matching table that have what `value` gives for the columns of the base table. */
export function duplicates(rule: DuplicateRule, value: (column: Column) => Cell): Row[] {
  const code = codeOf(rule, "base", value);
  if (code === undefined) return [];
  if (rule.codes === undefined) {
    rule.codes = new Map();
    for (const row of rule.matching.rows) if (isAlive(row)) remember(rule, row);
  }
  const candidates = new Set(rule.codes.get(code));
  // A row that changed since it was read in stands under its old code still.
  return [...candidates].filter((row) => isAlive(row) && counts(rule, row) && matchingCode(rule, row) === code);
}

function remember(rule: DuplicateRule, row: Row): void {
  const code = rule.codes && counts(rule, row) ? matchingCode(rule, row) : undefined;
  if (code === undefined) return;
  const rows = rule.codes!.get(code);
  if (rows) rows.push(row);
  else rule.codes!.set(code, [row]);
}

const matchingCode = (rule: DuplicateRule, row: Row) => codeOf(rule, "matching", (column) => read(row, column));

function counts(rule: DuplicateRule, row: Row): boolean {
  const state = rule.activeOnly ? rule.matching.columns.get("statecode") : undefined;
  return state === undefined || read(row, state) === 0;
}

/** The parts of a row that must be equal, as one text; undefined where a blank keeps it from matching anything. */
function codeOf(rule: DuplicateRule, side: "base" | "matching", value: (column: Column) => Cell): string | undefined {
  const parts: string[] = [];
  for (const condition of rule.conditions) {
    const cell = value(condition[side]);
    if (cell === null && condition.ignoreBlank) return undefined;
    parts.push(cell === null ? "" : partOf(condition, rule.caseSensitive ? String(cell) : fold(String(cell))));
  }
  // Where every column is blank there is nothing that could be the same.
  return parts.every((part) => part === "") ? undefined : parts.join("\u0001");
}

function partOf({ operator, length }: Condition, text: string): string {
  if (operator === 1) return text.slice(0, length);
  if (operator === 2) return text.slice(-length);
  return operator === 3 ? text.slice(0, 10) : text;
}

/** The organisation's own switch. */
function switchedOn({ tables, organization }: Environment): boolean {
  const table = tables.get("organization");
  const row = table?.byId.get(organization);
  const column = table?.columns.get("isduplicatedetectionenabled");
  return !row || !column || read(row, column) !== false;
}

/** The published rules whose base is the table; conditions on columns that are gone are left out with their rule. */
export function publishedRules(environment: Environment, base: Table): DuplicateRule[] {
  if (base.duplicates !== true || !switchedOn(environment)) return [];
  const rules = environment.tables.get("duplicaterule");
  const conditions = environment.tables.get("duplicaterulecondition");
  if (!rules || !conditions) return [];
  const get = (table: Table, row: Row, name: string) => read(row, table.columns.get(name)!);
  const found: DuplicateRule[] = [];
  for (const row of rules.rows) {
    if (!isAlive(row) || get(rules, row, "statuscode") !== 2 || get(rules, row, "baseentityname") !== base.name)
      continue;
    const matching = environment.tables.get(String(get(rules, row, "matchingentityname")));
    if (!matching) continue;
    const own = conditions.rows
      .filter((each) => isAlive(each) && pointsAt(each, conditions.columns.get("regardingobjectid")!, rules, idOf(row)))
      .map((each) => ({
        base: base.columns.get(String(get(conditions, each, "baseattributename"))),
        matching: matching.columns.get(String(get(conditions, each, "matchingattributename"))),
        operator: Number(get(conditions, each, "operatorcode")),
        length: Math.max(1, Number(get(conditions, each, "operatorparam") ?? 1)),
        ignoreBlank: get(conditions, each, "ignoreblankvalues") === true,
      }));
    if (own.length === 0 || own.some((each) => !each.base || !each.matching)) continue;
    found.push({
      matching,
      conditions: own as Condition[],
      caseSensitive: get(rules, row, "iscasesensitive") === true,
      activeOnly: get(rules, row, "excludeinactiverecords") === true,
    });
  }
  return found;
}
