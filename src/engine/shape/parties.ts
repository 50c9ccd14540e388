import type { Scan } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import type { Job } from "../job.ts";
import type { ShapeColumn, Way } from "../shape.ts";
import { kindOf } from "../sql/convert/source-text.ts";
import { lookupWays, type Tables } from "./lookup.ts";
import { place } from "./place.ts";
import { sourceOf } from "./source.ts";

/** One party of several, where the SQL looks it up (`sql/parties.ts`). */
export const partyPart = "part";

export const isParties = (c: Pick<ShapeColumn, "target">): boolean => c.target.type === "parties";

/**
 * How each party of a line is found: in ways like a lookup's, all of which go by the one value that the line's source holds
 * for the party.
 * @throws SluiceError mapping_unfit, unknown_target
 */
export function partyWays(
  job: Job,
  object: ObjectSchema,
  column: Column,
  said: string,
  scan: Scan,
  tables: Tables,
): Way[] {
  const line = job.syncFile.mapping[said]!;
  const name = `${object.name}.${column.name}`;
  const unfit = (message: string, remedy: string) =>
    new SluiceError("mapping_unfit", message, { remedy, place: place(job, ["mapping", said]) });
  if (line.lookup?.some((way) => way.from !== undefined || typeof way.by !== "string"))
    throw unfit(
      `${name} holds several parties, each found by one value.`,
      "Say `from` beside `lookup` and not in it, and one column in `by`.",
    );
  if (line.lookup?.some((way) => way.missing === "create"))
    throw unfit(
      `${name} holds the parties of an activity, which are not made by its line.`,
      "Say `missing: reject` or `missing: null`, and make these records by a sync of their own.",
    );
  const { source } = sourceOf(said, line, scan);
  if (source && kindOf(source.type) === "unreadable")
    throw unfit(`\`${source.said}\` holds values of type ${source.type}.`, "Make text of it in the model's SQL.");
  return lookupWays(job, object, column, said, scan, tables).map((way) => ({
    ...way,
    keys: way.keys.map(({ column: by, line: { delimiter: _, value: _value, expression: _expression, ...own } }) => ({
      column: by,
      line: { ...own, from: partyPart },
      source: { name: partyPart, said: source?.said ?? said, type: "VARCHAR", computed: false },
    })),
  }));
}
