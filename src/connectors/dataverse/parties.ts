import type { WireColumn } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";

/**
 * The part that the parties of a column take in the activity, as its rows of `activityparty` have it (their
 * participationtypemask). `partner` and `partners` have none that is documented. Source: activityparty-entity.md.
 */
export const participation: Readonly<Record<string, number>> = {
  from: 1,
  to: 2,
  cc: 3,
  bcc: 4,
  requiredattendees: 5,
  optionalattendees: 6,
  organizer: 7,
  resources: 10,
  customer: 11,
  customers: 11,
};

/**
 * SQL of the one property that holds all parties of a new activity, each bound to its person: a deep insert, the only way
 * that is documented to make them (dataverse.md section 4; activityparty has no Create of its own). See `Wire.parties`.
 */
export function partiesOf(object: ObjectSchema, columns: readonly { column: WireColumn; value: string }[]): string {
  if (object.parties === undefined)
    throw new SluiceError("mapping_unfit", `${object.name} has no parties of its own to write.`);
  const lists = columns.map(({ column: { name, targets = [] }, value }) => {
    const known = object.columns.find((c) => c.name === name)?.targets ?? [];
    const arms = known
      .filter((target) => targets.includes(target.object))
      .map(({ object: table, set, navigation }) => {
        const party = `{"participationtypemask":${participation[name]},"${navigation}@odata.bind":"/${set}(`;
        return `WHEN starts_with(p, '${table}:') THEN '${party}' || substr(p, ${table.length + 2}) || ')"}'`;
      });
    return `coalesce(list_transform(string_split(${value}, ';'), lambda p: CASE ${arms.join(" ")} END), [])`;
  });
  const all = lists.reduce((a, b) => `list_concat(${a}, ${b})`);
  const any = columns.map(({ value }) => `${value} IS NOT NULL`).join(" OR ");
  return `CASE WHEN ${any} THEN '"${object.parties}":[' || array_to_string(${all}, ',') || ']' END`;
}
