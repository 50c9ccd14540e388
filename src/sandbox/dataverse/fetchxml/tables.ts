import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { isLookup, type Table } from "../model.ts";
import { isKnownTable } from "../routes/known-names.ts";
import { fetchErrors } from "./errors.ts";
import { type Field, fieldOf } from "./field.ts";
import type { Link, Source } from "./syntax.ts";

/** A table of a query in its place: `index` is where its row stands in a tuple. */
export type Bound = {
  index: number;
  /** What results and conditions call it: the alias, or the table's name and a number (page join-tables). */
  name: string;
  table: Table;
  source: Source;
  parent: Bound | undefined;
  join: { type: Link["type"]; from: Field; to: Field } | undefined;
  links: Bound[];
};

/** Binds an entity and its links to tables, each at the next free place of `all`. Throws 0x80041102 and 0x80041103. */
export function bindSource(environment: Environment, source: Source, all: Bound[]): Bound {
  const table = tableNamed(environment, source.name);
  const bound: Bound = {
    index: all.length,
    name: source.alias ?? table.name,
    table,
    source,
    parent: undefined,
    join: undefined,
    links: [],
  };
  all.push(bound);
  bindLinks(environment, bound, all);
  return bound;
}

/** Binds a link below `parent`; without `from` and `to` the relationship between the tables is looked up. */
export function bindLink(environment: Environment, parent: Bound, link: Link, all: Bound[]): Bound {
  const table = tableNamed(environment, link.name);
  const columns = joinColumns(environment, parent.table, table, link);
  if (columns === undefined) return bindThroughIntersect(environment, parent, link, table, all);
  const name = link.alias ?? `${table.name}${all.length}`;
  if (link.alias !== undefined && all.some((each) => each.name === name)) throw fetchErrors.sameAlias(name);
  const join = {
    type: link.type,
    from: joinField(environment, table, columns.from),
    to: joinField(environment, parent.table, columns.to),
  };
  const bound: Bound = { index: all.length, name, table, source: link, parent, join, links: [] };
  all.push(bound);
  bindLinks(environment, bound, all);
  return bound;
}

function bindLinks(environment: Environment, bound: Bound, all: Bound[]): void {
  for (const link of bound.source.links) bound.links.push(bindLink(environment, bound, link, all));
}

function tableNamed(environment: Environment, name: string): Table {
  const table = environment.tables.get(name);
  if (!table) throw isKnownTable(name) ? errors.notBuilt(`The table '${name}'`) : fetchErrors.noEntity(name);
  return table;
}

/** Columns whose values cannot be joined by (page join-tables). */
function joinField(environment: Environment, table: Table, name: string): Field {
  const field = fieldOf(environment, table, name);
  if (["image", "choices", "party"].includes(field.kind) || field.companion) throw fetchErrors.joinColumn(name);
  return field;
}

type Columns = { from: string; to: string };

/** The columns as given, or completed from the relationship there is; undefined: many-to-many is to be tried. */
function joinColumns(environment: Environment, parent: Table, table: Table, link: Link): Columns | undefined {
  const { from, to } = link;
  if (from !== undefined && to !== undefined) return { from, to };
  if (from === undefined && to === undefined) return undefined;
  const given = from ?? to!;
  const [here, there] = from === undefined ? [parent, table] : [table, parent];
  const column = fieldOf(environment, here, given).column;
  const other =
    isLookup(column) && column.targets?.includes(there.name)
      ? there.idColumn
      : given === here.idColumn
        ? there.relations.find((relation) => relation.target === here.name)?.column
        : undefined;
  if (other === undefined) throw fetchErrors.noRelationship(parent.name, table.name);
  return from === undefined ? { from: other, to: given } : { from: given, to: other };
}

function bindThroughIntersect(environment: Environment, parent: Bound, link: Link, table: Table, all: Bound[]): Bound {
  const relation = [...parent.table.manyToMany, ...table.manyToMany].find((each) => {
    const ends = [each.first, each.second];
    return ends.includes(parent.table.name) && ends.includes(table.name);
  });
  const intersect = environment.tables.get(relation?.intersect ?? "");
  const near = intersect && endColumn(intersect, parent.table);
  const far = intersect && endColumn(intersect, table);
  if (!intersect || !near || !far) throw fetchErrors.noRelationship(parent.table.name, table.name);
  const inner: Link = { ...link, from: table.idColumn, to: far };
  const outer: Link = {
    name: intersect.name,
    alias: undefined,
    all: false,
    attributes: [],
    orders: [],
    filters: [],
    links: [inner],
    from: near,
    to: parent.table.idColumn,
    type: link.type,
  };
  return bindLink(environment, parent, outer, all);
}

/** The column of an intersect table that holds the ids of one end. */
function endColumn(intersect: Table, end: Table): string | undefined {
  if (intersect.columns.has(end.idColumn)) return end.idColumn;
  return [...intersect.columns.values()].find((column) => isLookup(column) && column.targets?.includes(end.name))?.name;
}
