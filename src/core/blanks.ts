/** What counts as blank around a value: space, tab, line ends, no-break space. */
const blanks = " \t\n\r\u00a0";

/** SQL: the VARCHAR `text` without blanks at either end. */
export function trimSql(text: string): string {
  return `trim(${text}, ' ' || chr(9) || chr(10) || chr(13) || chr(160))`;
}

/** The same in TypeScript. */
export function trimValue(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && blanks.includes(text[from] as string)) from++;
  while (to > from && blanks.includes(text[to - 1] as string)) to--;
  return text.slice(from, to);
}

/** SQL: whether the VARCHAR `text` is null or nothing but blanks. */
export function isBlankSql(text: string): string {
  return `coalesce(${trimSql(text)}, '') = ''`;
}
