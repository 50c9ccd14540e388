import { errors } from "../errors.ts";
import { splitOutside } from "./expand-syntax.ts";

export const METHODS = ["sum", "average", "min", "max", "countdistinct"] as const;
export type Method = (typeof METHODS)[number];

/** One result of `aggregate(...)`: a method over a column, or with `$count` the rows themselves. */
export type Aggregate = { path: string[]; method: Method | "$count"; alias: string };

/** $apply, as far as Dataverse knows it: an optional filter, then groups or one aggregate over everything. */
export type Apply = { filter: string | undefined; groups: string[][]; aggregates: Aggregate[] };

/** Parses `filter(...)/groupby((a,b),aggregate(c with sum as d))` and its parts. Throws 400. */
export function parseApply(text: string): Apply {
  const steps = splitOutside(text, "/").map((step) => step.trim());
  const filter = inside(steps[0]!, "filter");
  const [last, ...more] = filter === undefined ? steps : steps.slice(1);
  const grouped = last === undefined ? undefined : inside(last, "groupby");
  const aggregated = last === undefined ? undefined : inside(last, "aggregate");
  if (more.length > 0 || (grouped === undefined && aggregated === undefined)) throw unreadable(text);
  const apply = grouped === undefined ? { groups: [], aggregates: aggregatesIn(aggregated!) } : groupsIn(grouped, text);
  const names = [...apply.aggregates.map((each) => each.alias), ...apply.groups.map((path) => path.join("/"))];
  const twice = names.find((name, n) => names.indexOf(name) < n);
  if (twice !== undefined) throw errors.badQuery(`The name '${twice}' is used twice in $apply.`);
  return { filter, ...apply };
}

function groupsIn(text: string, whole: string): Pick<Apply, "groups" | "aggregates"> {
  const [columns = "", aggregate, ...more] = splitOutside(text, ",").map((part) => part.trim());
  if (/[(,]\s*(hour|day|week|month|quarter|year)\(/.test(columns)) {
    throw errors.notBuilt("Grouping by parts of a date in $apply");
  }
  const names = /^\(([^()]*)\)$/.exec(columns)?.[1]?.split(",");
  const aggregated = aggregate === undefined ? "" : inside(aggregate, "aggregate");
  if (!names || aggregated === undefined || more.length > 0) throw unreadable(whole);
  return {
    groups: names.map((name) => pathOf(name.trim())),
    aggregates: aggregate === undefined ? [] : aggregatesIn(aggregated),
  };
}

function aggregatesIn(text: string): Aggregate[] {
  return splitOutside(text, ",").map((part) => {
    const count = /^\s*\$count\s+as\s+(\w+)\s*$/.exec(part);
    if (count) return { path: [], method: "$count", alias: count[1]! };
    const match = /^\s*(\S+)\s+with\s+(\w+)\s+as\s+(\w+)\s*$/.exec(part);
    if (!match) throw unreadable(part);
    const method = METHODS.find((each) => each === match[2]);
    if (!method) throw errors.badQuery(`The aggregation method '${match[2]}' is not supported.`);
    return { path: pathOf(match[1]!), method, alias: match[3]! };
  });
}

function pathOf(name: string): string[] {
  if (!/^\w+(\/[\w.]+)*$/.test(name)) throw unreadable(name);
  return name.split("/");
}

/** What stands in the brackets of a step of this name. */
function inside(step: string, name: string): string | undefined {
  return step.startsWith(`${name}(`) && step.endsWith(")") ? step.slice(name.length + 1, -1) : undefined;
}

function unreadable(text: string): Error {
  return errors.badQuery(
    `Syntax error in the $apply query option: '${text}'. Supported are filter(...), groupby((columns)), groupby((columns),aggregate(...)) and aggregate(column with method as name), joined by '/' in this order.`,
  );
}
