import type { SluiceError } from "../../core/errors.ts";
import type { Output } from "./output.ts";

/** One error, and those found with it, for people: what happened, where, what to do. Never a stack. */
export function printError(error: SluiceError, out: Output): void {
  const all = [error, ...error.others];
  for (const one of all) {
    out.note(`${out.style.red("error")}: ${one.message} (${one.code})`);
    if (one.place) out.note(`  at ${one.place.file}${one.place.line === undefined ? "" : `:${one.place.line}`}`);
    out.note(`  ${one.remedy}`);
  }
  if (all.length > 1) out.note(`${all.length} errors.`);
}

/** What --json prints of an error: the first, with the others beside it. */
export function errorObject(error: SluiceError): object {
  const { others, ...first } = error.toJSON();
  return { error: first, ...(others && { others: others.map(({ others: _, ...other }) => other) }) };
}
