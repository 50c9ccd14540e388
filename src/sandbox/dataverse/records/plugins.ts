import { z } from "zod";
import { seededRandom } from "../../http/random.ts";
import type { Environment, Plugin } from "../environment.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import type { Cell } from "../row.ts";
import type { Draft } from "./draft.ts";

/** Runs the simulated plug-ins on the columns this write contains, before anything is stored. */
export function runPlugins(environment: Environment, table: Table, draft: Draft, message: "Create" | "Update"): void {
  if (environment.plugins.length === 0) return;
  for (const plugin of environment.plugins) {
    if (plugin.table !== table.name || (plugin.on ?? message) !== message) continue;
    for (const [n, column] of draft.columns.entries()) {
      if (column.name !== plugin.column) continue;
      if (plugin.equals !== undefined && draft.values[n] !== plugin.equals) continue;
      if (!runs(plugin)) continue;
      if (plugin.throws !== undefined) throw errors.pluginRefused(plugin.throws);
      draft.values[n] = rewritten(plugin.rewrite!, draft.values[n]!);
    }
  }
}

/** Counts a write, and decides by that count alone: a request that is undone and run again is decided the same way. */
function runs(plugin: Plugin): boolean {
  const { nth, every, rate, seed = 1, times = nth === undefined ? Number.POSITIVE_INFINITY : 1 } = plugin;
  const seen = ++plugin.seen;
  if (nth !== undefined && seen < nth) return false;
  if (every !== undefined && seen % every !== 0) return false;
  if (rate !== undefined && seededRandom(seed * 1_000_003 + seen)() >= rate) return false;
  if (plugin.run >= times) return false;
  plugin.run++;
  return true;
}

function rewritten(rewrite: string, value: Cell): Cell {
  if (typeof value !== "string") return value;
  if (rewrite === "upper") return value.toUpperCase();
  if (rewrite === "trim") return value.trim() === "" ? null : value.trim();
  const argument = rewrite.slice(rewrite.indexOf(":") + 1);
  return rewrite.startsWith("prefix:") ? argument + value : value + argument;
}

const count = z.int().min(1).optional();
const where = {
  table: z.string(),
  column: z.string(),
  on: z.enum(["Create", "Update"]).optional(),
  nth: count,
  every: count,
  rate: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
  times: count,
};

/** One plug-in as the control API takes it. */
export const pluginRule = z
  .union(
    [
      z.strictObject({ ...where, rewrite: z.string().regex(/^(upper|trim|prefix:[\s\S]*|suffix:[\s\S]*)$/) }),
      z
        .strictObject({ ...where, equals: z.unknown().optional(), throws: z.string() })
        .refine(
          (rule) => rule.equals !== undefined || [rule.nth, rule.every, rule.rate].some((when) => when !== undefined),
        ),
    ],
    {
      error:
        "a plug-in has 'table', 'column', and 'rewrite' (upper, trim, prefix:TEXT, suffix:TEXT) or 'throws' with 'equals', 'nth', 'every' or 'rate'; and maybe 'on' (Create, Update), 'seed', 'times'",
    },
  )
  .transform((rule): Plugin => ({ ...rule, seen: 0, run: 0 }));

/** What is wrong with a plug-in in this environment, or undefined. */
export function pluginProblem(plugin: Plugin, tables: Map<string, Table>): string | undefined {
  const table = tables.get(plugin.table);
  if (!table) return `'table' must be the logical name of a table, not '${plugin.table}'`;
  return table.columns.has(plugin.column) ? undefined : `'column' must be a column of ${table.name}`;
}
