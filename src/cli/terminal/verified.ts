import type { ResponseOf } from "../../api/index.ts";
import type { Output } from "./output.ts";
import { count, many, shown, table } from "./table.ts";

type Verified = ResponseOf<"verify">;
type One = Verified["syncs"][number];

const mostRows = 20;
const mostNames = 8;

/** What a verification found: for each sync differences, columns that differ, sums, audiences, and what it does not tell. */
export function printVerified({ syncs, checked, differences }: Verified, out: Output): void {
  for (const one of syncs) {
    out.line();
    out.line(out.style.bold(`${one.sync} -> ${one.object}`));
    for (const text of [...rowLines(one), ...columnLines(one), ...audienceLines(one), ...tableLines(one)])
      out.line(`  ${text}`.trimEnd());
    for (const text of notCovered(one)) out.line(out.style.dim(`  ${text}`));
  }
  out.line();
  const cells = syncs.map((one) => [one.sync, count(one.checked), count(one.differences)]);
  if (syncs.length > 1) cells.push(["all", count(checked), count(differences)]);
  for (const text of table(["verify", "checked", "differences"], cells, [1, 2])) out.line(text);
}

const words = { differs: "", gone: "gone", no_member: "no member", duplicate: "duplicate", unlinked: "" };

function rowLines({ rows }: One): string[] {
  if (rows.length === 0) return [];
  const cells = rows
    .slice(0, mostRows)
    .map((row) => [row.key ?? row.id, row.column, shown(row.expected), shown(row.found), words[row.kind]]);
  const more = rows.length > mostRows ? ["... and more; --out FILE writes all."] : [];
  return [...table(["key", "column", "expected", "found", ""], cells), ...more, ""];
}

/** Columns with sums, and those that differ: the others agree, and there may be many. */
function columnLines({ columns }: One): string[] {
  const told = columns.filter((c) => c.differ > 0 || c.sum !== null);
  if (told.length === 0) return [];
  const cells = told.map(({ column, differ, filled, sum }) => [
    column,
    ...[differ, filled.here, filled.there].map(count),
    sum?.here ?? "",
    sum?.there ?? "",
  ]);
  const head = ["column", "differ", "filled here", "filled there", "sum here", "sum there"];
  return [...table(head, cells, [1, 2, 3, 4, 5]), ""];
}

function audienceLines({ audiences }: One): string[] {
  if (audiences.length === 0) return [];
  const cells = audiences.map(({ audience, into, here, sent, there }) => [
    audience,
    into,
    count(here),
    count(sent),
    there === null ? "?" : count(there),
  ]);
  return [...table(["audience", "into", "here", "sent", "there"], cells, [2, 3, 4]), ""];
}

function tableLines({ table: whole }: One): string[] {
  if (!whole) return [];
  const { records, unlinked, duplicates } = whole;
  return [
    `${many(records, "record")} in the table: ${count(unlinked)} of no row, ${count(duplicates)} that share the match value of a linked one.`,
  ];
}

function notCovered({ way, linked, checked, notCovered: { rows, columns, unmapped } }: One): string[] {
  const named = (names: string[]) =>
    `${names.slice(0, mostNames).join(", ")}${names.length > mostNames ? ` and ${names.length - mostNames} more` : ""}`;
  return [
    ...(way === "sample" && checked < linked
      ? [`Not read: ${count(linked - checked)} of ${many(linked, "linked record")}.`]
      : []),
    ...(way !== "full" ? ["Not read: records of no row; --full reads the whole table."] : []),
    ...(rows > 0 ? [`Not covered: ${many(rows, "row")} of the source without a record.`] : []),
    ...(columns.length > 0 ? [`Not compared yet, or never: ${named(columns)}.`] : []),
    ...(unmapped.length > 0 ? [`Not mapped, so not looked at: ${named(unmapped)}.`] : []),
  ];
}
