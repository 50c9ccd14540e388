import type { ResponseOf } from "../../api/index.ts";
import { visible } from "../../core/visible.ts";
import { many } from "./table.ts";

type Group = ResponseOf<"run">["runs"][number]["problems"][number];

/** Of a row that undo keeps a value of, others may have been taken back: then it counts as updated, not as excluded. */
const statusOf = ({ code, status }: Group): string => (code.startsWith("undo_") ? "not taken back" : status);

/** Rows that were not sent, by cause, each with an example and a few keys. */
export function problemLines(groups: readonly Group[]): string[] {
  return groups.flatMap((group) => {
    const column = group.column === null ? "" : ` ${group.column}`;
    const rows = many(group.rows, "row");
    const keys = group.keys.filter((key) => key !== "");
    const more = group.rows > group.keys.length ? ", ..." : "";
    return [
      `  ! ${rows} ${statusOf(group)}:${column} ${visible(group.cause ?? group.code)}`,
      `      ${visible(group.example)}`,
      ...(group.remedy === undefined ? [] : [`      ${group.remedy}`]),
      `      tried again ${group.again}`,
      ...(keys.length > 0 ? [`      keys: ${keys.map(visible).join(", ")}${more}`] : []),
    ];
  });
}
