import { basename, join } from "node:path";
import { SluiceError } from "../../core/errors.ts";
import { type Dialect, readDialect } from "./dialect.ts";
import { ident, literal } from "./duck.ts";
import { undecodable, writeCopy } from "./encoding.ts";
import { allowedPaths, noHive, patternOf, type Relation } from "./relation.ts";
import type { Table } from "./tables.ts";

/**
 * A text file, or several of one form, as a relation of text columns. Files that are not UTF-8, or all of them with
 * `rewrite` (mixed line ends), are read from a copy in `scratch`.
 * @throws SluiceError file_unreadable, file_missing
 */
export async function csvRelation(table: Table, scratch: () => string, rewrite: boolean): Promise<Relation> {
  const dialects = table.files.map((file) => readDialect(file, table.settings));
  const dialect = dialects[0] as Dialect;
  for (const [i, other] of dialects.entries()) sameForm(table, table.files[i] as string, dialect, other);
  const paths: string[] = [];
  const copies = new Map<string, string>();
  for (const [i, file] of table.files.entries()) {
    const { encoding, quote } = dialects[i] as Dialect;
    if (encoding === "utf-8" && !rewrite) {
      paths.push(file);
      continue;
    }
    const copy = join(scratch(), `${copies.size}-${basename(file)}`);
    await writeCopy(file, encoding, quote, copy);
    copies.set(copy, file);
    paths.push(copy);
  }
  return {
    from: readCsv(paths, dialect, table.settings.header),
    columns: dialect.names.map((name) => ({ name, type: "VARCHAR", detect: "all" })),
    paths: paths.flatMap(allowedPaths),
    copies,
  };
}

/** Everything is said and nothing left for DuckDB to find out. */
function readCsv(paths: string[], dialect: Dialect, header: boolean): string {
  const quote = literal(dialect.quote);
  const columns = dialect.names.map((n) => `${ident(n)}: 'VARCHAR'`).join(", ");
  return (
    `read_csv([${paths.map((p) => literal(patternOf(p))).join(", ")}], ${noHive}, auto_detect=false, header=${header}, ` +
    `delim=${literal(dialect.delimiter)}, quote=${quote}, escape=${quote}, strict_mode=true, skip=${dialect.blankLines}, columns={${columns}})`
  );
}

function sameForm(table: Table, file: string, first: Dialect, other: Dialect): void {
  const lead = table.files[0] as string;
  if (other.names.join("\n") !== first.names.join("\n")) {
    const odd = other.names.find((n) => !first.names.includes(n)) ?? first.names.find((n) => !other.names.includes(n));
    const how = odd === undefined ? "in another order" : `of which \`${odd}\` is in one only`;
    throw new SluiceError(
      "file_unreadable",
      `The files of table \`${table.name}\` differ: ${file} has other columns than ${lead}, ${how}.`,
      {
        remedy: "Give each form of file a table of its own, or make their headers alike.",
      },
    );
  }
  const what = (["delimiter", "blankLines"] as const).find((k) => other[k] !== first[k]);
  if (what) {
    const how = what === "delimiter" ? "has another delimiter than" : "does not begin with as many blank lines as";
    throw new SluiceError("file_unreadable", `The files of table \`${table.name}\` differ: ${file} ${how} ${lead}.`, {
      remedy: "Give each form of file a table of its own.",
    });
  }
}

/** Whether mixed line ends may be why DuckDB gave up: it names neither the cause nor, at times, the right line. */
export function maybeMixedLineEnds(thrown: unknown): boolean {
  return thrown instanceof Error && /reached an invalid state|unterminated quote/.test(thrown.message);
}

/** What is wrong with a text file, from DuckDB's error; null when the error is about something else. */
export function csvError(thrown: unknown, relation: Pick<Relation, "copies">): SluiceError | null {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const read = /^ {2}file = (.*)$/m.exec(message)?.[1];
  if (read === undefined) return null;
  const file = relation.copies.get(read) ?? read;
  if (message.includes("Invalid unicode")) return undecodable(file, "utf-8");
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  const at = line === undefined ? file : `${file}, line ${line} (each row counted as one line)`;
  const counts = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message);
  const [what, remedy] = counts
    ? [
        `there are ${counts[2]} values where the header has ${counts[1]}`,
        "Mend the row; a value that holds the delimiter must stand in quotes.",
      ]
    : message.includes("unterminated quote")
      ? [
          "a quote is opened and not closed, or text follows a closing one",
          'Mend the row; inside quotes a quote is written twice. If `"` is no quote here, declare `quote: ""`.',
        ]
      : /Maximum line size/i.test(message)
        ? ["the row is longer than 2 MB", "Is a quote left open before it?"]
        : [
            message
              .split("\n")
              .find((l) => !l.startsWith("Invalid Input Error: CSV Error") && !l.startsWith("Original Line")) ??
              "it is no such text file",
            undefined,
          ];
  return new SluiceError("file_unreadable", `${at}: ${what}.`, {
    ...(remedy !== undefined && { remedy }),
    cause: thrown,
  });
}
