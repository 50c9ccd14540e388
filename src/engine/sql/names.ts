import { ident, text } from "../duck.ts";
import type { Shape, ShapeColumn, Way } from "../shape.ts";

/**
 * Names in the SQL. A stored value of destination column x is "c_x" in every table of the state, so that a mapping may
 * gain and lose columns; while a plan is made the columns go by their index, which is also their bit. A lookup whose
 * values say which table they are of has another name: its values are not those of a lookup that may point at one.
 */
export const storedName = (column: { name: string; tabled?: boolean }): string =>
  column.tabled ? `${column.name}:table` : column.name;
export const stored = (column: { name: string; tabled?: boolean }): string => ident(`c_${storedName(column)}`);

/**
 * Of a lookup that finds records of one table alone: the name under which a Sluice that did not say the table yet has stored its
 * values, and SQL that makes them what they are called now.
 */
export function storedBefore({ name, tabled, ways = [] }: ShapeColumn): { name: string; value: string } | undefined {
  const [object, ...others] = new Set(ways.map((way) => way.object));
  if (!tabled || object === undefined || others.length > 0) return undefined;
  return { name, value: `${text(`${object}:`)} || ${ident(`c_${name}`)}` };
}
export const storedList = (shape: Shape): string => shape.columns.map(stored).join(", ");
/** One number of all stored values of a row of the table `of`. */
export const hashOf = (columns: readonly { name: string; tabled?: boolean }[], of: string): string =>
  `hash(${columns.map((c) => `${of}.${stored(c)}`).join(", ") || "0"})`;
export const wanted = (c: ShapeColumn): string => `w_${c.index}`;
export const fault = (c: ShapeColumn): string => `b_${c.index}`;
export const skipped = (c: ShapeColumn): string => `k_${c.index}`;
export const sourceColumn = (name: string): string => ident(`s_${name}`);

/** Stands before the key of the row whose record a lookup awaits, while the plan is made. */
export const laterMark = "later:";

/** Of a lookup that awaits rows by several ways: by which of them. */
export const awaitedBy = (c: ShapeColumn): string => `way_${c.index}`;

/** Of a lookup that awaits a row, and that its own may go without: bits of what is decided of it where that one does not come. */
export const ifWithout = (c: ShapeColumn): string => `without_${c.index}`;

/** The value a lookup's column holds for the parent whose id is the SQL `id`. */
export function parentValue(c: ShapeColumn, way: Way, id: string): string {
  return c.tabled ? `(${text(`${way.object}:`)} || ${id})` : id;
}

/** Several folded values as one; NULL where any is. */
export const joined = (folded: string[]): string => folded.join(" || chr(31) || ");

/**
 * A condition that holds for every key and every match value. DuckDB hands what the smaller side of a join holds on to the
 * scan of the larger one, which then unpacks the rows alone that have a partner; but only where a condition tells it that
 * the smaller side is a choice. Beside a scan of columns of text that is a third of the cost.
 */
export const chosenBy = (text: string): string => `strlen(${text}) >= 0`;

/** Fewer rows are one thread's work. */
export const areMany = (rows: number): boolean => rows >= 20_000;

/**
 * A common table expression `name` of all rows of `from`. DuckDB hands a thread 122,880 rows of a table at a time, and so uses one or
 * two where there are some hundred thousand; of an expression that it has put aside it hands out 2,048.
 * `rows`: about how many the table behind it has. Where they are very many or few nothing is put aside.
 */
export const dealt = (name: string, from: string, rows: number): string =>
  `${name} AS ${areMany(rows) && rows < 1_000_000 ? "MATERIALIZED" : "NOT MATERIALIZED"} (FROM ${from})`;

/** Masks: one bit a column. */
export const maskType = "UBIGINT";
export const everyBit = `${2n ** 64n - 1n}::${maskType}`;
export const bit = (c: Pick<ShapeColumn, "index">): string => `(${2n ** BigInt(c.index)})::${maskType}`;
export const has = (mask: string, c: Pick<ShapeColumn, "index">): string => `(${mask} & ${bit(c)}) <> 0`;

/** Several lines of a SELECT list. */
export const list = (items: string[]): string => items.join(",\n  ");

/**
 * Of a COPY to Parquet. Small groups: writing holds one for each thread, however long its texts are, and whoever reads a range of
 * a file unpacks no more than it lies in. Where rows are put in order DuckDB does not count their bytes.
 */
export const inGroups = "ROW_GROUP_SIZE 20_480, ROW_GROUP_SIZE_BYTES '16MB'";

/** Of a COPY: it writes beside the file and puts it there whole, so that whoever dies meanwhile, or has no room, leaves none. */
export const atOnce = "USE_TMP_FILE true";
