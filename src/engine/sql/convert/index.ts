// STUB by the lead, overwrite me

import { canonSql } from "../../../core/canon.ts";
import type { MappingLine } from "../../../core/project.ts";
import type { Column } from "../../../core/schema.ts";
export function convertLine(i: {
  target: Column;
  line: MappingLine;
  source: { name: string; type: string } | null;
  dates?: string[];
  column: string;
}): { want: string; bad: string; skip: string } {
  const b =
    i.target.type === "text"
      ? `CASE WHEN length(${i.column}) > ${i.target.maxLength} THEN 'bad' END`
      : `CASE WHEN ${i.column} = 'bad' THEN 'bad' END`;
  return { want: `CASE WHEN ${b} IS NULL THEN ${canonSql(i.target, i.column)} END`, bad: b, skip: "false" };
}
