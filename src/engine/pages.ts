import { canonSql } from "../core/canon.ts";
import type { Session } from "../core/connector.ts";
import type { Column, ObjectSchema } from "../core/schema.ts";
import { ident, noHive, text } from "./duck.ts";
import { stored } from "./sql/names.ts";

/** A column to be read. `tabled`: a lookup into several tables, whose value is to say which (`account:<id>`). */
export type Mirrored = { name: string; target: Column; tabled?: boolean };

/** What is wanted of each record, and where it goes. */
export type Wanted = {
  session: Session;
  object: ObjectSchema;
  columns: Mirrored[];
  /** Name of the table that receives (id, gone, created, seq, c_*). */
  into: string;
  /** The record's version is wanted too (`etag`). */
  etags?: boolean;
  /** When the record was made there is wanted too (`created`). */
  created: boolean;
};

/** A page on disk, the `seq`th of its read. */
export type PageFile = { path: string; seq: number; bytes: number; rows: number };

/** Pages read into DuckDB at once: bounds disk and memory, and lets it parse several in parallel. */
export const pagesAtOnce = 8;

/** Pages that may wait on disk until DuckDB knows what to compare them with. */
export const pagesAhead = 64;

/** Digits of a page's number in the name of its file. */
const SEQ = 9;

export const pageName = (into: string, seq: number): string => `${into}-${String(seq).padStart(SEQ, "0")}.json`;

/**
 * SQL of the pages' rows as `Wanted.into` holds them, through the canonical form of each column. Only what we asked for is
 * looked at.
 */
export function rowsOf(job: Wanted, pages: readonly PageFile[]): string {
  // No row is larger than its page. DuckDB sets aside twice this size for every thread, so no more than that.
  const largest = Math.max(1 << 20, ...pages.map((p) => p.bytes + 1024));
  const wire = job.session.wire!;
  const property = (name: string) => wire.property(job.object, name);
  const wanted = [job.object.id, ...job.columns.map((c) => c.name), ...(job.created ? ["createdon"] : [])];
  const table = (name: string) => job.session.wire!.tableProperty!(job.object, name);
  const tables = job.columns.filter((c) => c.tabled).map((c) => table(c.name));
  const version = job.etags ? [wire.etag!] : [];
  const fields = [...new Set([...wanted.map(property), ...tables, ...version])]
    .map((p) => `${text(p)}: 'VARCHAR'`)
    .join(", ");
  const values = job.columns.map((c) => {
    const value = canonSql(c.target, `r.${ident(property(c.name))}`);
    return `${c.tabled ? `(lower(r.${ident(table(c.name))}) || ':' || ${value})` : value} AS ${stored(c)}`;
  });
  const id = `r.${ident(property(job.object.id))}`;
  const items = [
    `lower(${id}) AS id`,
    "false AS gone",
    `${job.created ? `r.${ident(property("createdon"))}` : "NULL"} AS created`,
    `left(right(r.filename, ${SEQ + 5}), ${SEQ})::INTEGER AS seq`,
    ...values,
    ...version.map((name) => `r.${ident(name)} AS etag`),
  ];
  return `SELECT ${items.join(", ")}
FROM read_json([${pages.map((p) => text(p.path)).join(",")}], columns={${fields}}, ${noHive}, format='array', maximum_object_size=${largest}, filename=true) r
WHERE ${id} IS NOT NULL`;
}
