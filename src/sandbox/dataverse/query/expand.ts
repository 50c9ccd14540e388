import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Column, Table } from "../model.ts";
import { requirePrivilege } from "../records/privileges.ts";
import {
  type CollectionNavigation,
  collectionNavigation,
  type SingleNavigation,
  singleNavigation,
} from "../relationships.ts";
import { idOf, type Row, SEQUENCE } from "../row.ts";
import type { Preferences } from "../wire/prefer.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";
import { writeCookie } from "./cookie.ts";
import { type ExpandItem, parseExpand } from "./expand-syntax.ts";
import { linkedRow, noSuchNavigation, type Reader, requireJoinable } from "./fields.ts";
import { PAGE_SIZE } from "./options.ts";
import { orderedPage, parseOrder } from "./order.ts";
import { relatedByParent } from "./related.ts";
import { rowFilter } from "./row-filter.ts";

const SOURCE = "query/join-tables.md";

export const EXPAND_OPERATIONS: Operation[] = [
  { name: "$expand", does: "rows a lookup leads to; at most 15 in all", source: SOURCE },
  {
    name: "$expand collection",
    does: "1:N and N:N with `$select`, `$filter`, `$orderby`, `$top`, and a link to the same rows",
    source: SOURCE,
  },
  {
    name: "$expand nested",
    does: "several levels of 1:N and N:1; collections then come in pages and take `$select` and `$filter` only",
    source: SOURCE,
  },
  { name: "$expand $ref", does: "the address instead of the row, for lookups", source: SOURCE },
  { name: "$expand ownerid", does: "an owner as a principal, of which only `ownerid` can be selected", source: SOURCE },
];

/** What each row of a page gets besides its columns: JSON with a comma in front. */
type Prepared = (row: Row) => string;
/**
 * `context` names what is expanded, for @odata.context; `prepare` reads for all rows of a page at once. `also` are
 * columns that are shown without being selected: those of lookups whose reference is asked for.
 */
export type Expansion = { context: string[]; also: Column[]; prepare(rows: Row[]): Prepared };

/**
 * What all levels of one request's $expand share. Nested anywhere, the rules of all collections change. `ofRow`: one row
 * is read, not a list; its lookups then show an etag (retrieve-entity-using-web-api.md; query/join-tables.md).
 */
type Setting = { reader: Reader; prefer: Preferences; base: string; nested: boolean; ofRow: boolean };

/**
 * Compiles $expand over rows of a table; undefined when nothing is expanded. Related rows are read once per page and
 * level, never per row. Throws the documented 400 (dataverse.md section 6, query/join-tables.md).
 */
export function expansion(
  reader: Reader,
  table: Table,
  text: string | undefined,
  prefer: Preferences,
  base: string,
  ofRow = false,
): Expansion | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const items = parseExpand(text);
  const nested = items.some((item) => item.options.expand.length > 0);
  checkManyToMany(reader, table, items, nested);
  return level({ reader, prefer, base, nested, ofRow }, table, items, 1);
}

/** The selected columns, and those that what is expanded brings along. */
export function shownColumns(table: Table, select: string[] | undefined, expanded: Expansion | undefined): Column[] {
  const columns = selectedColumns(table, select);
  return expanded === undefined || expanded.also.length === 0 ? columns : [...new Set([...columns, ...expanded.also])];
}

/** Many-to-many can be expanded beside its like only, and not be nested (query/join-tables.md). */
function checkManyToMany(reader: Reader, table: Table, items: ExpandItem[], nested: boolean): void {
  const kinds = items.map((item) => collectionNavigation(reader.environment, table, item.navigation)?.kind === "N:N");
  if (kinds.includes(true) && (nested || kinds.includes(false))) throw errors.manyToManyExpand();
}

function level(setting: Setting, table: Table, items: ExpandItem[], depth: number): Expansion {
  const names = new Set(items.map((item) => item.navigation));
  if (names.size < items.length) throw errors.badQuery("A navigation property is expanded more than once.");
  const parts = items.map((item) => part(setting, table, item, depth));
  return {
    context: parts.flatMap((each) => each.context),
    also: parts.flatMap((each) => each.also),
    prepare(rows) {
      const prepared = parts.map((each) => each.prepare(rows));
      return (row) => prepared.map((write) => write(row)).join("");
    },
  };
}

function part(setting: Setting, table: Table, item: ExpandItem, depth: number): Expansion {
  const { environment } = setting.reader;
  const single = singleNavigation(environment, table, item.navigation);
  // A row read alone may bring such rows along.
  if (!setting.ofRow) requireJoinable(table, single?.target);
  if (single) return item.reference ? reference(setting, item, single) : lookup(setting, item, single, depth);
  const collection = collectionNavigation(environment, table, item.navigation);
  if (!collection) throw noSuchNavigation(table, item.navigation);
  if (!setting.ofRow) requireJoinable(collection.other);
  if (item.reference) throw errors.referenceExpand();
  if (depth > 1 && collection.kind === "N:N") throw errors.manyToManyExpand();
  return related(setting, table, item, collection, depth);
}

/** `lookup/$ref`: the address of the row instead of the row. */
function reference({ reader, base }: Setting, item: ExpandItem, navigation: SingleNavigation): Expansion {
  return {
    context: [item.navigation, `${item.navigation}/$ref()`],
    also: [navigation.column],
    prepare: () => (row) => {
      const linked = linkedRow(reader.environment, navigation, row);
      const id = linked && JSON.stringify(`${base}/${linked.table.set}(${idOf(linked.row)})`);
      return `,"${item.navigation}":${id === undefined ? "null" : `{"@odata.id":${id}}`}`;
    },
  };
}

/** A single-valued navigation property: the row it leads to or null. */
function lookup(setting: Setting, item: ExpandItem, navigation: SingleNavigation, depth: number): Expansion {
  const { options } = item;
  if (options.orderby !== undefined || options.top !== undefined) throw errors.nestedExpandOption();
  if (navigation.relation.target === "owner") return owner(setting, item, navigation);
  const { target } = navigation;
  const { environment } = setting.reader;
  const inner = inside(setting, target, item, depth, { etag: setting.ofRow && depth === 1 });
  return {
    context: [`${item.navigation}(${inner.names.join(",")})`],
    also: [],
    prepare(rows) {
      const linked = new Map<Row, Row>();
      for (const row of rows) {
        const found = linkedRow(environment, navigation, row)?.row;
        if (found && inner.passes(found)) linked.set(row, found);
      }
      const write = inner.prepare([...new Set(linked.values())]);
      // Many rows share one: it is written once.
      const texts = new Map<Row, string>();
      return (row) => {
        const found = linked.get(row);
        let text = found && texts.get(found);
        if (found && text === undefined) {
          text = write(found);
          texts.set(found, text);
        }
        return `,"${item.navigation}":${text ?? "null"}`;
      };
    },
  };
}

/** An owner is a principal, whose one property is its id; users and teams give all of theirs when none is selected. */
function owner(setting: Setting, item: ExpandItem, navigation: SingleNavigation): Expansion {
  const { options } = item;
  const foreign = options.select?.find((name) => name !== "ownerid");
  if (foreign !== undefined) throw errors.noSuchProperty(foreign, "principal");
  if (options.expand.length > 0) throw errors.noSuchProperty(options.expand[0]!.navigation, "principal");
  if (options.filter !== undefined) throw errors.nestedExpandOption();
  const { reader, prefer } = setting;
  const writers = new Map<Table, (row: Row) => string>();
  const writerOf = (table: Table) => {
    const known = writers.get(table);
    if (known) return known;
    requirePrivilege(reader, table, "Read");
    const write = rowWriter(reader.environment, table, selectedColumns(table, undefined), prefer, { etag: false });
    writers.set(table, write);
    return write;
  };
  return {
    context: [`${item.navigation}(${(options.select ?? []).join(",")})`],
    also: [],
    prepare: () => (row) => {
      const linked = linkedRow(reader.environment, navigation, row);
      if (!linked) return `,"${item.navigation}":null`;
      const type = `"@odata.type":"#Microsoft.Dynamics.CRM.${linked.table.name}"`;
      if (options.select) return `,"${item.navigation}":{${type},"ownerid":"${idOf(linked.row)}"}`;
      return `,"${item.navigation}":{${type},${writerOf(linked.table)(linked.row).slice(1)}`;
    },
  };
}

/** A collection-valued navigation property: a list, and a link to the same list. */
function related(
  setting: Setting,
  table: Table,
  item: ExpandItem,
  collection: CollectionNavigation,
  depth: number,
): Expansion {
  const { reader, prefer, base, nested } = setting;
  const { options } = item;
  if (nested && (options.orderby !== undefined || options.top !== undefined)) throw errors.nestedExpandOption();
  const back = collection.kind === "1:N" && !nested ? [collection.column] : [];
  const inner = inside(setting, collection.other, item, depth, { etag: !nested, also: back });
  const order = parseOrder(reader, collection.other, options.orderby, new Map());
  // Pages are for nested queries only; otherwise the list is as long as a page can be (query/join-tables.md).
  const size = Math.min(options.top ?? (nested ? (prefer.maxPageSize ?? PAGE_SIZE) : PAGE_SIZE), PAGE_SIZE);
  const link = (parent: string, rows: Row[]) => {
    const cookie = nested ? `$skiptoken=${writeCookie({ page: 2, after: rows.at(-1)![SEQUENCE] as number })}` : "";
    const query = [options.query, cookie].filter((each) => each !== "").join("&");
    const path = `${base}/${table.set}(${parent})/${item.navigation}`;
    return `,"${item.navigation}@odata.nextLink":${JSON.stringify(query === "" ? path : `${path}?${query}`)}`;
  };
  return {
    context: [`${item.navigation}(${inner.names.join(",")})`],
    also: [],
    prepare(rows) {
      const groups = relatedByParent(
        reader.environment,
        table,
        collection,
        new Set(rows.map(idOf)),
        options.filter === undefined ? undefined : inner.passes,
      );
      for (const [parent, group] of groups) {
        const page = order.length > 0 ? orderedPage(group, order, undefined, size).rows : group.slice(0, size);
        groups.set(parent, page);
      }
      const write = inner.prepare([...groups.values()].flat());
      return (row) => {
        const children = groups.get(idOf(row)) ?? [];
        const list = `,"${item.navigation}":[${children.map(write).join(",")}]`;
        return nested && children.length < size ? list : list + link(idOf(row), children);
      };
    },
  };
}

type Inside = { names: string[]; passes(row: Row): boolean; prepare(rows: Row[]): (row: Row) => string };

/** What the rows of an expanded property look like: columns, filter, and what is expanded inside them in turn. */
function inside(
  setting: Setting,
  target: Table,
  { options }: ExpandItem,
  depth: number,
  show: { etag: boolean; also?: Column[] },
): Inside {
  const { reader, prefer } = setting;
  requirePrivilege(reader, target, "Read");
  const columns = new Set([...selectedColumns(target, options.select), ...(show.also ?? [])]);
  const write = rowWriter(reader.environment, target, [...columns], prefer, show);
  const more = options.expand.length === 0 ? undefined : level(setting, target, options.expand, depth + 1);
  if (options.filter?.includes("@") && /(^|[^'\w])@\w/.test(options.filter)) {
    throw errors.badQuery("Parameter aliases cannot be used inside the $expand query option.");
  }
  return {
    names: [...(options.select ?? []), ...(more?.context ?? [])],
    passes: options.filter === undefined ? () => true : rowFilter(reader, target, options.filter, new Map()).passes,
    prepare(rows) {
      const expanded = more?.prepare(rows);
      return (row) => write(row, undefined, expanded?.(row));
    },
  };
}
