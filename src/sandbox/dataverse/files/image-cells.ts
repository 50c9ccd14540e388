import { type Environment, newId } from "../environment.ts";

import { type Column, read, slotOf, type Table } from "../model.ts";
import { type Draft, setDrafted } from "../records/draft.ts";
import type { Transaction } from "../records/transaction.ts";
import type { Row } from "../row.ts";
import { showImages } from "./computed.ts";
import type { Content } from "./content.ts";
import { contentIdColumn, dropContent, keepContent } from "./content-store.ts";
import { fileErrors } from "./errors.ts";
import { checkSize, imageType } from "./image.ts";

/** .NET counts ticks of 100 ns since the year 1. */
const TICKS_TO_1970 = 621_355_968_000_000_000;

/**
 * Turns the images of a body into cells: their ids and timestamps. `row` is undefined for a new row, of which only the
 * primary image can be set (image-column-data.md, "Only primary images can be set for create").
 */
export function draftImages(tx: Transaction, table: Table, draft: Draft, id: string, row: Row | undefined): void {
  for (const { column, bytes } of draft.images ?? []) {
    if (!row && bytes && column.name !== table.primaryImage) throw fileErrors.notPrimaryImage(column.name, table.name);
    draftImage(tx, table, draft, column, bytes && imageContent(table, column, id, bytes), row);
  }
}

/** The content an image column gets. Throws for what is no image, or is too large. */
export function imageContent(table: Table, column: Column, id: string, bytes: Buffer, name?: string): Content {
  checkSize(column, bytes.length);
  const type = imageType(bytes);
  if (!type) throw fileErrors.notAnImage(id, table.name, column.name);
  return {
    place: { table: table.name, row: id, column: column.name },
    bytes,
    name: name ?? `${column.name}.${type.extension}`,
    mime: type.mime,
    full: column.full === true,
  };
}

/** Puts an image, or none, in the place of what the row has. Its id comes back. */
export function draftImage(
  tx: Transaction,
  table: Table,
  draft: Draft,
  column: Column,
  content: Content | null,
  row: Row | undefined,
): string | null {
  const { environment } = tx;
  const idColumn = contentIdColumn(table, column);
  if (row) dropContent(tx, String(read(row, idColumn)));
  const id = content && newId(environment);
  if (content) keepContent(tx, id!, content);
  setDrafted(draft, idColumn, id);
  setDrafted(draft, table.columns.get(`${column.name}_timestamp`)!, content && ticks(environment));
  slotOf(table, idColumn);
  if (column.computed === undefined) showImages(environment, table);
  return id;
}

function ticks(environment: Environment): number {
  return environment.clock.now() * 10_000 + TICKS_TO_1970;
}
