import { SYSTEM_USER } from "../delivered-ids.ts";
import type { Environment } from "../environment.ts";
import { namedGuid } from "../guids.ts";
import type { Table } from "../model.ts";
import { deleteRow } from "../records/delete.ts";
import { begin } from "../records/transaction.ts";
import { upsertRow } from "../records/write.ts";

/**
 * Writes the rows of `attributeimageconfig` and `entityimageconfig` for a table, by which clients ask which images there
 * are: after its image columns have changed, or once it is gone (image-column-data.md).
 */
export function listImages(environment: Environment, table: Table): void {
  const present = environment.tables.has(table.name);
  const images = present ? [...table.columns.values()].filter((column) => column.kind === "image") : [];
  write(
    environment,
    table,
    "attributeimageconfig",
    images.map((column) => ({ attributelogicalname: column.name, canstorefullimage: column.full === true })),
  );
  const primary = present ? table.primaryImage : undefined;
  write(environment, table, "entityimageconfig", primary === undefined ? [] : [{ primaryimageattribute: primary }]);
}

/** The rows a table has in another one, made, changed or deleted to be these. */
function write(environment: Environment, { name }: Table, of: string, bodies: Record<string, unknown>[]): void {
  const configs = environment.tables.get(of)!;
  const tx = begin(environment, { user: SYSTEM_USER, bypassPlugins: true, seeding: true });
  const kept = new Set<string>();
  for (const body of bodies) {
    const id = namedGuid(`${of} ${name}.${String(body.attributelogicalname ?? "")}`);
    kept.add(id);
    upsertRow(tx, configs, configs.byId.get(id), { ...body, parententitylogicalname: name }, { id });
  }
  const parent = configs.columns.get("parententitylogicalname")!;
  for (const [id, row] of [...configs.byId]) {
    if (row[parent.slot] === name && !kept.has(id)) deleteRow(tx, configs, row);
  }
}
