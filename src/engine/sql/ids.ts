import { text } from "../duck.ts";

/** Namespace of the ids we choose ourselves: fixed for ever, so that every run and every sync agrees on them. */
const namespace = "b1c2f3d45e6748a99bacbd0e1f203142";

/**
 * SQL: UUID version 5 (RFC 9562) of a table, the columns that tell its records apart, and their folded values, which is
 * the SQL `of`. Whoever makes that record chooses the same id, so a repeat is met and never a second record.
 */
export function ownId(object: string, columns: string[], of: string): string {
  const name = `encode(${text(`${object}:${columns.join()}:`)} || ${of})`;
  const digest = `sha1(unhex('${namespace}') || ${name})`;
  const variant = `substr('89ab89ab89ab89ab', strpos('0123456789abcdef', substr(d, 17, 1)), 1)`;
  return `(SELECT substr(d,1,8)||'-'||substr(d,9,4)||'-5'||substr(d,14,3)||'-'||${variant}||substr(d,18,3)||'-'||substr(d,21,12) FROM (SELECT ${digest} AS d))`;
}

/** SQL: whether an id may be one of `ownId`; Dynamics itself chooses few such. */
export const isOwnId = (id: string): string => `substr(${id}, 15, 1) = '5'`;
