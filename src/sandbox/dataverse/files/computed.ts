import type { Environment } from "../environment.ts";
import { read, type Table } from "../model.ts";

/**
 * Has the image columns of a table show their thumbnails and addresses, once some row has had an image: until then they
 * cost nothing (image-column-data.md, "Download URL").
 */
export function showImages(environment: Environment, table: Table): void {
  for (const column of table.columns.values()) {
    const id = column.kind === "image" ? table.columns.get(`${column.name}id`) : undefined;
    if (!id || id.slot < 0) continue;
    column.computed = (row) => environment.files.contents.get(String(read(row, id)))?.bytes.toString("base64") ?? null;
    const stamp = table.columns.get(`${column.name}_timestamp`)!;
    table.columns.get(`${column.name}_url`)!.computed = (row) => {
      const image = read(row, id);
      if (image === null) return null;
      return `/Image/download.aspx?Entity=${table.name}&Attribute=${column.name}&Id=${image}&Timestamp=${read(row, stamp)}`;
    };
  }
  table.shape++;
}
