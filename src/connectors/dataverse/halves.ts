/** An escape of JSON: a surrogate pair, half of one (1), or any other, so that what an escaped backslash precedes is none. */
const escapes = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs;

/**
 * Puts U+FFFD for each half of a surrogate pair that an answer of JSON tells by an escape, in place: a form or a program that
 * cuts texts leaves such in records, and DuckDB reads no page that holds one.
 */
export function mendHalves(body: Buffer): Buffer {
  if (!body.includes("\\ud") && !body.includes("\\uD")) return body;
  for (const { 1: half, index } of body.toString("latin1").matchAll(escapes))
    if (half !== undefined) body.write("\\ufffd", index, "latin1");
  return body;
}
