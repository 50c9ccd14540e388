import { z } from "zod";
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

/** One plug-in as the control API takes it. */
export const pluginRule: z.ZodType<Plugin> = z.union(
  [
    z.strictObject({
      table: z.string(),
      column: z.string(),
      rewrite: z.string().regex(/^(upper|trim|prefix:[\s\S]*|suffix:[\s\S]*)$/),
    }),
    z.strictObject({ table: z.string(), column: z.string(), equals: z.unknown().nonoptional(), throws: z.string() }),
  ],
  {
    error:
      "a plug-in has 'table', 'column', and 'rewrite' (upper, trim, prefix:TEXT, suffix:TEXT) or 'equals' and 'throws'",
  },
);

/** What is wrong with a plug-in in this environment, or undefined. */
export function pluginProblem(plugin: Plugin, tables: Map<string, Table>): string | undefined {
  const table = tables.get(plugin.table);
  if (!table) return `'table' must be the logical name of a table, not '${plugin.table}'`;
  return table.columns.has(plugin.column) ? undefined : `'column' must be a column of ${table.name}`;
}
