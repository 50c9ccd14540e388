import { SluiceError } from "../../core/errors.ts";
import type { TableConfig } from "./config.ts";
import { type Head, readHead } from "./encoding.ts";

/** How one text file is written, and the names of its columns. `blankLines` come before the first row. */
export type Dialect = { delimiter: string; quote: string; names: string[]; encoding: string; blankLines: number };

const delimiters = [",", ";", "\t", "|"];
/** Records looked at to tell the delimiter. */
const sampleRecords = 500;

/**
 * Reads a file's beginning. The delimiter is the one under which most records have as many values as the first;
 * DuckDB's own sniffer is not asked: it drops leading lines and changes its mind with the data.
 * @throws SluiceError file_unreadable
 */
export function readDialect(file: string, settings: TableConfig): Dialect {
  const head = readHead(file, settings.encoding);
  const quote = settings.quote ?? '"';
  const delimiter = settings.delimiter ?? findDelimiter(head, quote);
  const [first] = records(head, delimiter, quote, 1);
  if (!first) {
    if (!head.whole) throw unreadable(file, "its first row does not end within 256 KB; is a quote left open?");
    const remedy = "Check what writes the file: one that became empty by mistake must not look like one without rows.";
    throw unreadable(file, "it is empty: there is not even a header.", remedy);
  }
  const names = settings.header ? columnNames(file, first) : first.map((_, i) => `column${i + 1}`);
  const blankLines = /^(?:\r\n|\n|\r)*/.exec(head.text)?.[0].match(/\r\n|\n|\r/g)?.length ?? 0;
  return { delimiter, quote, names, encoding: head.encoding, blankLines };
}

function columnNames(file: string, cells: string[]): string[] {
  const names = cells.map((cell, i) => cell.trim() || `column${i + 1}`);
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) {
      const remedy = "Rename one of them in the file; or declare `header: false` if the first row is not a header.";
      throw unreadable(
        file,
        `columns ${before + 1} and ${i + 1} in line 1 are both called \`${name}\` (case does not count).`,
        remedy,
      );
    }
    seen.set(name.toLowerCase(), i);
  }
  return names;
}

function findDelimiter(head: Head, quote: string): string {
  let best = ",";
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const rows = records(head, delimiter, quote, sampleRecords);
    const width = rows[0]?.length ?? 1;
    if (width < 2) continue;
    const alike = rows.filter((r) => r.length === width).length / rows.length;
    const score = alike + width / 100_000;
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** The first complete records of the head, split into values. Blank lines are not records. */
export function records(head: Head, delimiter: string, quote: string, limit: number): string[][] {
  const { text } = head;
  const found: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let i = 0;
  const end = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") found.push(row);
    row = [];
    cell = "";
  };
  while (i < text.length && found.length < limit) {
    const c = text[i] as string;
    if (quote !== "" && c === quote && cell.trim() === "") {
      const close = closing(text, quote, i + 1);
      if (close < 0) return found;
      cell = text.slice(i + 1, close).replaceAll(quote + quote, quote);
      i = close + 1;
    } else if (text.startsWith(delimiter, i)) {
      row.push(cell);
      cell = "";
      i += delimiter.length;
    } else if (c === "\n" || c === "\r") {
      end();
      i += text.startsWith("\r\n", i) ? 2 : 1;
    } else {
      cell += c;
      i++;
    }
  }
  if (head.whole && found.length < limit && (cell !== "" || row.length > 0)) end();
  return found;
}

function closing(text: string, quote: string, from: number): number {
  for (let i = text.indexOf(quote, from); i >= 0; i = text.indexOf(quote, i + 2)) {
    if (text[i + 1] !== quote) return i;
  }
  return -1;
}

function unreadable(file: string, what: string, remedy?: string): SluiceError {
  return new SluiceError("file_unreadable", `${file} cannot be read: ${what}`, {
    ...(remedy !== undefined && { remedy }),
  });
}
