import type { Ambiguity } from "../../../core/date-detection.ts";
import type { Place } from "../../../core/errors.ts";
import type { MappingLine } from "../../../core/project.ts";
import type { ReasonCode } from "../../../core/reasons.ts";
import type { Column } from "../../../core/schema.ts";

/** One mapping line and what is known of both its ends. */
export type LineInput = {
  target: Column;
  line: MappingLine;
  /** The source column, null for a constant. `type` is DuckDB's name. */
  source: { name: string; type: string } | null;
  /** SQL of the source column's value; not looked at for a constant. */
  column: string;
  /** strptime formats of a source column that holds dates as text. */
  dates?: string[];
  /** Set where such a column's dates can be read in two ways. */
  ambiguous?: Ambiguity;
  /** Where the line stands, for errors. */
  place?: Place;
};

/**
 * SQL over the source row. `want`: the canonical VARCHAR for the column, NULL where it shall be empty; to be used only
 * where `bad` is NULL. `bad`: NULL, or a code of `core/reasons.ts`. `skip`: BOOLEAN, true where the line says nothing
 * about the column for this row.
 */
export type Conversion = { want: string; bad: string; skip: string };

/**
 * How a type reads a text, as SQL over the text `x` (a VARCHAR expression): `value` is NULL where it cannot be read,
 * `fine` is true where the row may go, NULL where the text cannot be read. `faults` say why not, in order, and are only
 * looked at where it is not fine. DuckDB computes an expression anew wherever it stands, so what every row goes through
 * names `x` as seldom as can be.
 */
export type Reading = {
  value(x: string): string;
  fine(x: string): string;
  faults(x: string): [condition: string, code: ReasonCode][];
};
