import type { Environment } from "./environment.ts";
import { showImages } from "./files/computed.ts";
import { namedGuid } from "./guids.ts";
import {
  type Column,
  isLookup,
  type KeyIndex,
  type ManyToMany,
  read,
  readTarget,
  slotOf,
  type Table,
  typeSlotOf,
} from "./model.ts";
import { type Cell, FIRST_FREE_SLOT, idOf, type Row, SEQUENCE, VERSION } from "./row.ts";
import { type ColumnLine, readTableFiles, type TableFile } from "./table-file.ts";

let files: TableFile[] | undefined;

/** Fresh, empty tables from the delivered files (parsed once per process). */
export function deliveredTables(): Map<string, Table> {
  files ??= readTableFiles();
  return new Map(files.map((file) => [file.name, tableFrom(file)]));
}

/** A table without rows. Columns that every row has get their places first. */
export function tableFrom(file: TableFile): Table {
  const table: Table = {
    name: file.name,
    schema: file.schema,
    set: file.set,
    label: file.label,
    plural: file.plural,
    code: file.code,
    idColumn: file.id,
    nameColumn: file.nameColumn,
    owned: file.owned,
    tracking: file.flags.has("tracking"),
    concurrency: file.flags.has("concurrency"),
    activity: file.flags.has("activity"),
    custom: file.flags.has("custom"),
    bulk: file.flags.has("bulk"),
    seedOnly: file.flags.has("seedonly"),
    within: file.flags.has("within"),
    intersect: file.flags.has("intersect"),
    duplicates: file.flags.has("duplicates"),
    id: namedGuid(`table ${file.name}`),
    columns: new Map(),
    relations: [...file.relations],
    manyToMany: [...file.manyToMany],
    keys: [],
    partition: undefined,
    slots: FIRST_FREE_SLOT,
    shape: 0,
    rows: [],
    byId: new Map(),
    log: [],
    logVersions: [],
    deleted: [],
  };
  for (const line of file.columns) addColumn(table, line, false);
  for (const relation of defaultRelations(table)) table.relations.push(relation);
  table.columns.get(table.idColumn)!.slot = 0;
  if (file.flags.has("elastic")) table.partition = table.columns.get("partitionid");
  const version = table.columns.get("versionnumber");
  if (version) version.slot = VERSION;
  for (const key of file.keys) table.keys.push(emptyKey(table, key.name, key.name, key.name, key.columns));
  return table;
}

/** Adds a column; its place in the rows comes with its first value. */
export function addColumn(table: Table, line: ColumnLine, materialize: boolean): Column {
  const column: Column = {
    ...line,
    id: namedGuid(`column ${table.name}.${line.name}`),
    slot: -1,
    typeSlot: -1,
    implied: materialize || line.initial === undefined ? null : line.initial,
  };
  if (column.kind === "image") {
    column.maxKb ??= 10_240;
    table.primaryImage ??= column.name;
  }
  table.columns.set(column.name, column);
  table.shape++;
  return column;
}

/**
 * Lookups whose relationship the sources do not list still have one: the navigation property is the column's name,
 * with the target appended where there are several (dataverse.md section 4).
 */
function defaultRelations(table: Table): Table["relations"] {
  const known = new Set(table.relations.map((relation) => relation.column));
  return [...table.columns.values()]
    .filter((column) => isLookup(column) && !known.has(column.name) && column.targets !== undefined)
    .flatMap((column) => {
      if (column.kind === "owner") {
        return [{ column: column.name, target: "owner", navigation: column.name, schema: `owner_${table.name}` }];
      }
      const several = column.targets!.length > 1;
      return column.targets!.map((target) => ({
        column: column.name,
        target,
        navigation: `${column.name}${several ? `_${target}` : ""}${table.activity ? `_${table.name}` : ""}`,
        schema: `${target}_${table.name}_${column.name}`,
      }));
    });
}

/** An alternate key over columns of the table, without rows: its index is for the caller to fill. */
export function emptyKey(table: Table, name: string, schema: string, label: string, columns: string[]): KeyIndex {
  return {
    name,
    schema,
    label,
    id: namedGuid(`key ${table.name}.${name}`),
    columns: columns.map((column) => table.columns.get(column)!),
    rows: new Map(),
    failed: false,
    created: 0,
    reads: 1,
  };
}

/** The keys of a table; of an elastic one the key it is created with (create-elastic-tables.md, "Alternate keys"). */
export function keysOf(table: Table): KeyIndex[] {
  if (table.partition === undefined) return table.keys;
  const name = "KeyForNoSqlEntityWithPKPartitionId";
  const label = "Entity key for NoSql Entity that contains PrimaryKey and PartitionId attributes";
  return [emptyKey(table, name.toLowerCase(), name, label, [table.idColumn, table.partition.name])];
}

/** Columns that are worked out on reading: money in the base currency, the owner's parts, a contact's parent. */
export function addComputedColumns(environment: Environment, table: Table): void {
  const owner = table.columns.get("ownerid");
  const compute = (name: string, value: (row: Row) => Cell) => {
    const column = table.columns.get(name);
    if (column) column.computed = value;
  };
  if (owner) {
    slotOf(table, owner);
    typeSlotOf(table, owner);
    compute("owninguser", (row) => (readTarget(row, owner) === "team" ? null : read(row, owner)));
    compute("owningteam", (row) => (readTarget(row, owner) === "team" ? read(row, owner) : null));
    compute("owningbusinessunit", () => environment.businessUnit);
  }
  for (const column of table.columns.values()) {
    if (column.writeOnly) compute(`is${column.name}set`, (row) => read(row, column) !== null);
    if (column.kind !== "money" || !column.name.endsWith("_base")) continue;
    const plain = table.columns.get(column.name.slice(0, -"_base".length));
    const rate = table.columns.get("exchangerate");
    if (plain) column.computed = (row) => inBaseCurrency(read(row, plain), rate && read(row, rate));
  }
  if (table.name === "systemuser" || table.name === "team") {
    const id = table.columns.get(table.idColumn)!;
    const key = { ...id, name: "ownerid", schema: "OwnerId", label: "", of: id.name, create: false, update: false };
    addColumn(table, key, false).computed = idOf;
  }
  for (const column of table.columns.values()) {
    if (column.of === undefined && /^address\d_composite$/.test(column.name))
      column.computed = compositeAddress(table, column);
  }
  showImages(environment, table);
  const parent = table.name === "contact" ? table.columns.get("parentcustomerid") : undefined;
  if (parent) {
    compute("accountid", (row) => (readTarget(row, parent) === "account" ? read(row, parent) : null));
    compute("parentcontactid", (row) => (readTarget(row, parent) === "contact" ? read(row, parent) : null));
  }
}

/** An address as one text, in the form the base language (English, United States) writes it. */
function compositeAddress(table: Table, { name }: Column): (row: Row) => Cell {
  const part = (suffix: string) => table.columns.get(name.replace("composite", suffix));
  const lines = ["line1", "line2", "line3"].map(part);
  const [city, state, code, country] = ["city", "stateorprovince", "postalcode", "country"].map(part);
  const join = (row: Row, columns: (Column | undefined)[], between: string) =>
    columns
      .map((column) => (column === undefined ? null : read(row, column)))
      .filter((value) => value !== null)
      .join(between);
  return (row) => {
    const region = join(row, [state, code], " ");
    const place = [join(row, [city], ""), region].filter((each) => each !== "").join(", ");
    const text = [join(row, lines, "\r\n"), place, join(row, [country], "")].filter((each) => each !== "").join("\r\n");
    return text === "" ? null : text.slice(0, 1000);
  };
}

function inBaseCurrency(value: Cell, rate: Cell | undefined): Cell {
  if (typeof value !== "number") return null;
  return typeof rate === "number" && rate > 0 ? Math.round((value / rate) * 10_000) / 10_000 : value;
}

/** Rows are ordered by their sequence number; this finds the first one after `sequence`. */
export function firstAfter(rows: Row[], sequence: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]![SEQUENCE] as number) <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The table of a many-to-many relationship's pairs, which Dataverse shows and FetchXML joins through: its own id and
 * the ids of both ends.
 */
export function intersectTable(link: ManyToMany, first: Table, second: Table, code: number): Table {
  const line = (name: string): ColumnLine => ({
    name,
    schema: name,
    label: name,
    kind: "guid",
    create: true,
    update: false,
    level: "None",
    logical: false,
    custom: false,
    secured: false,
  });
  // A table linked with itself has its two ends told apart as `accountidone` and `accountidtwo`.
  const same = first === second;
  const ends = [first.idColumn + (same ? "one" : ""), second.idColumn + (same ? "two" : "")];
  return tableFrom({
    name: link.intersect,
    schema: link.intersect,
    set: `${link.intersect}collection`,
    code,
    label: link.schema,
    plural: link.schema,
    id: `${link.intersect}id`,
    owned: "none",
    flags: new Set(["intersect"]),
    columns: [
      line(`${link.intersect}id`),
      ...ends.map(line),
      { ...line("versionnumber"), kind: "bigint", create: false },
    ],
    relations: [],
    manyToMany: [],
    keys: [],
  });
}
