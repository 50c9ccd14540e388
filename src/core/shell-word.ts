/** Safe for every shell that knows single quotes; plain where nothing needs quoting. */
export function shellWord(value: string): string {
  return /^[\w./:@%+,=-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
