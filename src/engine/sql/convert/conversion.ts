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
  /** A name for what is too dear to be computed wherever it stands (`Conversion.once`). */
  once?: string;
  /** A record is looked for by the value: a text of nothing but blanks is none. */
  sought?: boolean;
  /** SQL: where the value could not be worked out at all. */
  failed?: string;
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
 * about the column for this row. `once`: what the other three mean by the name the input gave for it; the caller computes
 * it one level below.
 */
export type Conversion = { want: string; bad: string; skip: string; once?: string };

/**
 * How a type reads the text `x` (SQL, a VARCHAR without blanks around, but for text): `value` is NULL where it cannot be
 * read, `fine` is true where the row may go. `faults` say why not, in order, and are only looked at where it is not fine
 * and not blank. DuckDB computes an expression anew wherever it stands and prepares every regular expression anew, so
 * what every row goes through is said as seldom as can be.
 */
export type Reading = {
  value: string;
  fine: string;
  faults: [condition: string, code: ReasonCode][];
  once?: string;
};
