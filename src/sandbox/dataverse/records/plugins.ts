import type { Environment, Plugin } from "../environment.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import type { Cell } from "../row.ts";
import type { Draft } from "./draft.ts";

/** Runs the simulated plug-ins on the columns this write contains, before anything is stored. */
export function runPlugins(environment: Environment, table: Table, draft: Draft): void {
  if (environment.plugins.length === 0) return;
  for (const plugin of environment.plugins) {
    if (plugin.table !== table.name) continue;
    for (const [n, column] of draft.columns.entries()) {
      if (column.name !== plugin.column) continue;
      if ("throws" in plugin) {
        if (draft.values[n] === plugin.equals) throw errors.pluginRefused(plugin.throws);
      } else {
        draft.values[n] = rewritten(plugin.rewrite, draft.values[n]!);
      }
    }
  }
}

function rewritten(rewrite: string, value: Cell): Cell {
  if (typeof value !== "string") return value;
  if (rewrite === "upper") return value.toUpperCase();
  if (rewrite === "trim") return value.trim() === "" ? null : value.trim();
  const argument = rewrite.slice(rewrite.indexOf(":") + 1);
  return rewrite.startsWith("prefix:") ? argument + value : value + argument;
}

/** Checks a plug-in as it came from outside; the answer is what is wrong with it, or undefined. */
export function pluginProblem(plugin: unknown, tables: Map<string, Table>): string | undefined {
  const given = (plugin ?? {}) as Partial<Record<keyof Plugin | "rewrite" | "throws" | "equals", unknown>>;
  const table = tables.get(String(given.table));
  if (!table) return `'table' must be the logical name of a table, not ${JSON.stringify(given.table)}`;
  if (!table.columns.has(String(given.column))) return `'column' must be a column of ${table.name}`;
  if (given.throws !== undefined) {
    return typeof given.throws === "string" && given.equals !== undefined
      ? undefined
      : "'throws' needs a text, and 'equals'";
  }
  return /^(upper|trim|prefix:[\s\S]*|suffix:[\s\S]*)$/.test(String(given.rewrite))
    ? undefined
    : "'rewrite' is one of: upper, trim, prefix:TEXT, suffix:TEXT; or give 'equals' and 'throws'";
}
