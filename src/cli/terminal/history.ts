import type { ResponseOf } from "../../api/index.ts";
import { count } from "./table.ts";

type Listed = ResponseOf<"runs">["runs"][number];

/** What became of one run of the history, in a line. */
export function what(one: Listed): string {
  const { error, approval, resolution } = one;
  return [
    error ? error.message.replace(/\.$/, "") : wentWell(one),
    ...(approval ? [`${approval.by} approved ${approval.codes.join(", ")}`] : []),
    ...(resolution ? [`${resolution.how} by ${resolution.by}`] : []),
  ].join("; ");
}

function wentWell({ kind, status, counts, plan }: Listed): string {
  if (status === "running") return "under way";
  if (status === "interrupted") return "its process died; the next run takes up what it sent";
  if (kind === "rebuild") return "the state was made anew";
  if (kind === "verify") return "compared";
  return said(counts ?? plan ?? {}) || "nothing to do";
}

/** The counts that are not zero: "4,960 created, 40 rejected". */
function said(counts: Partial<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([name]) => !["received", "writes", "requests", "seconds"].includes(name))
    .flatMap(([name, n = 0]) => (n > 0 ? [`${count(n)} ${name}`] : []))
    .join(", ");
}
