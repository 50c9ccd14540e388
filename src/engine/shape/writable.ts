import { type Place, SluiceError } from "../../core/errors.ts";
import { type Column, columnsNamed, type ObjectSchema } from "../../core/schema.ts";
import type { Writes } from "../../core/state.ts";
import type { Job } from "../job.ts";
import { near } from "./place.ts";

/**
 * A column that can be written, found as `columnsNamed` does.
 * @throws SluiceError unknown_target
 */
export function writable(object: ObjectSchema, name: string, at: Place, prefix?: string): Column {
  const [column, ...others] = columnsNamed(object, name, prefix);
  if (column && others.length > 0)
    throw new SluiceError("unknown_target", `Several columns of ${object.name} are called "${name}".`, {
      remedy: `Name the one you mean: ${[column, ...others].map((c) => c.name).join(", ")}.`,
      place: at,
    });
  const names = object.columns.filter((c) => c.create || c.update).map((c) => c.name);
  const why = column && whyNot(column);
  if (column && !why) return column;
  throw new SluiceError(
    "unknown_target",
    column ? `${object.name}.${column.name} cannot be written: ${why}.` : `${object.name} has no column ${name}.`,
    { remedy: column ? "Take its line out of the mapping." : near(name, names), place: at },
  );
}

const worksOut = {
  calculated: "Dynamics calculates it from other columns",
  rollup: "Dynamics rolls it up from other records",
  formula: "Dynamics works out its formula",
  prompt: "Dynamics lets a model fill it",
};

/** What keeps a column from being written at all, in words that follow a colon. */
function whyNot(column: Column): string | undefined {
  if (column.computed) return worksOut[column.computed];
  if (column.native === "File" || column.native === "Image")
    return `it holds ${column.native === "File" ? "a file" : "an image"}, which goes by uploads of its own`;
  if (column.type === "other") return `Sluice writes no columns of type ${column.native ?? "unknown to it"}`;
  if (column.type === "parties" && !column.create)
    return "the documentation does not tell which part such a party takes in the activity";
  if (column.type === "choices" && !column.choices)
    return "it has no options, or none that the connection's apiVersion tells (8.2 does not)";
  if (column.type === "lookup" && column.targets?.length === 0) return "it points at no table that has an address";
  return column.create || column.update ? undefined : "Dynamics keeps it itself";
}

/**
 * Some columns are taken only when a record is made, some only when it is changed. The sync must not promise more: what
 * cannot be kept in step is refused here rather than left behind in silence. A record's own id never changes.
 * @throws SluiceError mapping_unfit
 */
export function checkValidity(job: Job, object: ObjectSchema, column: Column, write: Writes, at: Place): void {
  const { mode } = job.syncFile;
  const name = `${object.name}.${column.name}`;
  const refused = (message: string, remedy: string) => new SluiceError("mapping_unfit", message, { remedy, place: at });
  if (!column.update && mode === "update" && column.name !== object.id)
    throw refused(
      `${name} can only be set when a record is made, and this sync makes none.`,
      "Take its line out of the mapping.",
    );
  if (!column.update && mode === "upsert" && write !== "on create" && column.name !== object.id)
    throw refused(
      `${name} can only be set when a record is made: a later change of the source could not follow.`,
      `Add \`write: on create\` to the line, and it is set once.`,
    );
  if (!column.create && mode !== "update" && column.type !== "state")
    throw refused(
      `${name} can only be changed on records that exist, and this sync makes new ones.`,
      "Map it in a sync of its own with `mode: update`.",
    );
}
