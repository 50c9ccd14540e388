/** SQL: the VARCHAR `text` without blanks (space, tab, line ends, no-break space) at either end. Slow: see `trimSpacesSql`. */
export function trimSql(text: string): string {
  return `trim(${text}, ' ' || chr(9) || chr(10) || chr(13) || chr(160))`;
}

/** SQL: whether the VARCHAR `text` is null or nothing but blanks. */
export function isBlankSql(text: string): string {
  return `coalesce(${trimSql(text)}, '') = ''`;
}

/** SQL: the VARCHAR `text` without what Unicode calls spaces at either end: four times as fast as with tabs and line ends. */
export function trimSpacesSql(text: string): string {
  return `trim(${text})`;
}

/** The same in TypeScript. */
export function trimSpaces(text: string): string {
  return text.replace(/^\p{Zs}+|\p{Zs}+$/gu, "");
}
