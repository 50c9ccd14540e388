import type { Environment } from "../dataverse/environment.ts";
import type { Fault } from "../http/faults.ts";

/** What a fault does to the schema. A column or key that is not there is nobody's fault any more: nothing happens. */
export function strikeSchema(environment: Environment, { dropColumn, setKey }: Fault): void {
  if (dropColumn) {
    const table = environment.tables.get(dropColumn.table);
    const column = table?.columns.get(dropColumn.column);
    if (table && column) {
      table.columns.delete(column.name);
      table.keys = table.keys.filter((key) => !key.columns.includes(column));
      table.shape++;
      environment.metadataVersion++;
    }
  }
  if (setKey) {
    const table = environment.tables.get(setKey.table);
    const key = table?.keys.find((each) => each.name === setKey.key);
    if (table && key) {
      if (setKey.status === "dropped") table.keys = table.keys.filter((each) => each !== key);
      else if (setKey.status === "Failed") key.failed = true;
      else {
        // Building the index anew takes a minute, unless somebody asks how far it is.
        key.created = environment.clock.now() + 60_000;
        key.reads = 0;
      }
      table.shape++;
      environment.metadataVersion++;
    }
  }
}
