import { newId } from "../environment.ts";
import { type Column, read, type Table } from "../model.ts";
import { type Draft, setDrafted } from "../records/draft.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { deleteFrom, updateFrom } from "../records/store.ts";
import type { Transaction } from "../records/transaction.ts";
import { createRow, requireWritable } from "../records/write.ts";
import { idOf, type Row } from "../row.ts";
import { checkType } from "./blocked.ts";
import { dropContent, keepContent } from "./content-store.ts";
import { checkSize } from "./image.ts";
import { draftImage, imageContent } from "./image-cells.ts";

/** Bytes with what is known of them, on their way into a column. */
export type Incoming = { bytes: Buffer; name: string; mime: string };

/**
 * Puts a file or an image into a column of a row; what was there goes. Its id comes back. It is an update of the row.
 * Throws where it is too large, or no image, or the privilege to write is missing.
 */
export function storeContent(tx: Transaction, table: Table, row: Row, column: Column, incoming: Incoming): string {
  requireWritable(tx.actor, table, "Update");
  requirePrivilege(tx, table, "Write");
  const draft: Draft = { columns: [], values: [], targets: [] };
  const id =
    column.kind === "image"
      ? draftImage(
          tx,
          table,
          draft,
          column,
          imageContent(table, column, idOf(row), incoming.bytes, incoming.name),
          row,
        )!
      : draftFile(tx, table, draft, column, incoming, row);
  updateFrom(tx, table, row, draft);
  return id;
}

/** Empties a file or image column; that is an update of the row, too. */
export function emptyContent(tx: Transaction, table: Table, row: Row, column: Column): void {
  requireWritable(tx.actor, table, "Update");
  requirePrivilege(tx, table, "Write");
  const draft: Draft = { columns: [], values: [], targets: [] };
  if (column.kind === "image") draftImage(tx, table, draft, column, null, row);
  else {
    removeFile(tx, row, column);
    setDrafted(draft, column, null);
    setDrafted(draft, nameColumn(table, column), null);
  }
  updateFrom(tx, table, row, draft);
}

/** A file has a row in `fileattachment` as well (file-column-data.md, "Relationship to FileAttachment table"). */
function draftFile(
  tx: Transaction,
  table: Table,
  draft: Draft,
  column: Column,
  { bytes, name, mime }: Incoming,
  row: Row,
): string {
  checkSize(column, bytes.length);
  checkType(tx.environment, name, mime);
  removeFile(tx, row, column);
  const id = newId(tx.environment);
  const place = { table: table.name, row: idOf(row), column: column.name };
  keepContent(tx, id, { place, bytes, name, mime, full: true });
  const attachments = tx.environment.tables.get("fileattachment")!;
  const body = {
    filename: name,
    mimetype: mime,
    filesizeinbytes: bytes.length,
    regardingfieldname: column.name,
    objecttypecode: table.name,
    [`objectid_${table.name}@odata.bind`]: `/${table.set}(${idOf(row)})`,
  };
  createRow({ ...tx, actor: { ...tx.actor, seeding: true, bypassPlugins: true } }, attachments, body, id);
  setDrafted(draft, column, id);
  setDrafted(draft, nameColumn(table, column), name);
  return id;
}

function removeFile(tx: Transaction, row: Row, column: Column): void {
  const id = String(read(row, column));
  dropContent(tx, id);
  const attachments = tx.environment.tables.get("fileattachment")!;
  const attachment = attachments.byId.get(id);
  if (attachment) deleteFrom(tx, attachments, attachment);
}

function nameColumn(table: Table, column: Column): Column {
  return table.columns.get(`${column.name}_name`)!;
}
