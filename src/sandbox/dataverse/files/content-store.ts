import type { Environment } from "../environment.ts";
import { errors } from "../errors.ts";
import { type Column, read, type Table } from "../model.ts";
import type { Transaction } from "../records/transaction.ts";
import type { Row } from "../row.ts";
import type { Content, Files, Upload } from "./content.ts";

/** All that is kept, uploads under way included: everything is in memory. */
const MOST_BYTES = 2 * 1024 ** 3;
const MOST_UPLOADS = 1000;

export const noFiles = (): Files => ({ contents: new Map(), uploads: new Map(), bytes: 0 });

export function isContent(column: Column): boolean {
  return column.kind === "file" || column.kind === "image";
}

/** The column that holds the id of the content: the file column itself, beside an image column `<name>id`. */
export function contentIdColumn(table: Table, column: Column): Column {
  return column.kind === "file" ? column : table.columns.get(`${column.name}id`)!;
}

/** What a row holds in a file or image column. */
export function contentOf(
  environment: Environment,
  table: Table,
  row: Row,
  column: Column,
): { id: string; content: Content } | undefined {
  const id = String(read(row, contentIdColumn(table, column)));
  const content = environment.files.contents.get(id);
  return content && { id, content };
}

/** Keeps a content for as long as the transaction stands. Throws 501 where memory would be full. */
export function keepContent(tx: Transaction, id: string, content: Content): void {
  const { files } = tx.environment;
  const { length } = content.bytes;
  makeRoom(tx.environment, length);
  files.contents.set(id, content);
  files.bytes += length;
  tx.undo.push(() => {
    files.contents.delete(id);
    files.bytes -= length;
  });
}

/** Forgets a content, unless the transaction is rolled back. */
export function dropContent(tx: Transaction, id: string): void {
  const { files } = tx.environment;
  const content = files.contents.get(id);
  if (!content) return;
  files.contents.delete(id);
  files.bytes -= content.bytes.length;
  tx.undo.push(() => {
    files.contents.set(id, content);
    files.bytes += content.bytes.length;
  });
}

const contentColumns = new WeakMap<Table, { shape: number; columns: Column[] }>();

/** Forgets all contents of a row that is being deleted. */
export function dropContents(tx: Transaction, table: Table, row: Row): void {
  let known = contentColumns.get(table);
  if (known?.shape !== table.shape) {
    known = { shape: table.shape, columns: [...table.columns.values()].filter(isContent) };
    contentColumns.set(table, known);
  }
  for (const column of known.columns) dropContent(tx, String(read(row, contentIdColumn(table, column))));
}

/** Makes room for so many bytes: uploads that were never ended go, the oldest first, but not the one that asks. */
export function makeRoom(environment: Environment, bytes: number, asking?: Upload): void {
  const { files } = environment;
  for (const [token, upload] of files.uploads) {
    if (files.bytes + bytes <= MOST_BYTES && files.uploads.size <= MOST_UPLOADS) break;
    if (upload === asking) continue;
    files.uploads.delete(token);
    files.bytes -= upload.received;
  }
  if (files.bytes + bytes > MOST_BYTES) throw errors.notBuilt("More than 2 GB of files in one environment");
}
