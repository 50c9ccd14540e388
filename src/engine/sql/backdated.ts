import type { Column, ObjectSchema } from "../../core/schema.ts";
import { stored } from "./names.ts";

// Who sends `overriddencreatedon` with a create back-dates the record: `createdon` then holds what was sent, and the column itself
// the time when the record was really made.

const NAME = "overriddencreatedon";

/** Whether a column may be expected to read as it was sent. */
export const readsAsSent = ({ target }: { target: Column }): boolean => target.name !== NAME;

/** What is to be read besides `created`, to know when a record was really made. */
export const realDates = ({ columns }: ObjectSchema): { name: string; target: Column }[] =>
  columns.filter((c) => c.name === NAME && c.type === "datetime").map((target) => ({ name: target.name, target }));

/** SQL: when a record was really made. Wants `created` and `realDates`. */
export const madeOn = (object: ObjectSchema): string =>
  `coalesce(${[...realDates(object).map(stored), "created"].join(", ")})`;
