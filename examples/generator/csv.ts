/** Rows as CSV: UTF-8, comma, a header line, quotes only where a value needs them. */
export function toCsv<T extends Record<string, string>>(
  rows: readonly T[],
  columns: readonly (keyof T & string)[],
): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? "")).join(","));
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

const cell = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** Reads what `toCsv` writes, also after a spreadsheet or an editor has been over it. */
export function fromCsv(text: string): Record<string, string>[] {
  const [header = [], ...lines] = cells(text.replace(/^\uFEFF/, ""));
  return lines.map((line) => Object.fromEntries(header.map((name, i) => [name, line[i] ?? ""])));
}

function cells(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  // Each match is one cell and what ends it: a comma, a line end, or the end of the text.
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === "" && line.length === 0) break;
    line.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    lines.push(line);
    line = [];
  }
  return lines;
}
