import type { Environment } from "../environment.ts";
import type { Column, Table } from "../model.ts";
import { deleteFrom } from "../records/store.ts";
import { begin, commit } from "../records/transaction.ts";
import { dropContent } from "./content-store.ts";
import { listImages } from "./image-configs.ts";

/** Tells the tables that are about files and images of the columns a table has, after there are more of them. */
export function tellContents(environment: Environment, table: Table): void {
  const kinds = new Set([...table.columns.values()].map((column) => column.kind));
  if (kinds.has("file")) relateAttachments(environment, table);
  if (kinds.has("image")) listImages(environment, table);
}

/**
 * With its first file column a table gets a one-to-many relationship to `fileattachment`, whose rows go with those of
 * the table (file-column-data.md, "Relationship to FileAttachment table").
 */
function relateAttachments(environment: Environment, table: Table): void {
  const attachments = environment.tables.get("fileattachment")!;
  if (attachments.relations.some((each) => each.target === table.name)) return;
  const column = attachments.columns.get("objectid")!;
  column.targets = [...(column.targets ?? []), table.name];
  attachments.relations.push({
    column: column.name,
    target: table.name,
    navigation: `objectid_${table.name}`,
    schema: `${table.name}_FileAttachments`,
    onDelete: "Cascade",
    custom: true,
  });
  attachments.shape++;
}

/** Forgets what a column of a table holds in all rows, or all columns: they are being dropped. */
export function forgetContents(environment: Environment, table: Table, column?: Column): void {
  const attachments = environment.tables.get("fileattachment")!;
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  for (const [id, { place }] of [...environment.files.contents]) {
    if (place.table !== table.name || (column && place.column !== column.name)) continue;
    dropContent(tx, id);
    const attachment = attachments.byId.get(id);
    if (attachment) deleteFrom(tx, attachments, attachment);
  }
  commit(tx);
}
