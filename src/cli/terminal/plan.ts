import type { ResponseOf } from "../../api/index.ts";
import { visible } from "../../core/visible.ts";
import { logicLines } from "./logic.ts";
import type { Output } from "./output.ts";
import { problemLines } from "./problems.ts";
import { count, duration, many, shown, table } from "./table.ts";

type Planned = ResponseOf<"plan">["plans"][number];
type Totals = ResponseOf<"plan">["totals"];
type Sample = Planned["samples"][number];

const marks: Record<string, string> = { create: "+", adopt: "=", update: "~", leave: "~", delete: "-" };

/** A plan for people: the counts of every sync, then for each some changes field by field and what is not sent. */
export function printPlan({ environment, plans, totals }: ResponseOf<"plan">, out: Output, samples: number): void {
  for (const one of plans) {
    out.line();
    out.line(out.style.bold(`${one.sync} -> ${one.object}`) + out.style.dim(`  plan ${one.run}`));
    for (const kind of kindsOf(one.samples)) printKind(kind, one, out, samples);
    out.line(`  ${forecastLine(one.forecast)}`);
    for (const text of logicLines(one.forecast.logic)) out.line(`  ${text}`);
    if (one.mirror.unseen !== null) out.line(`  mirror ${one.mirror.mode} (${one.mirror.why}): ${one.mirror.unseen}`);
    for (const text of one.warnings) out.line(`  ${out.style.yellow("warning")}: ${text}`);
    for (const text of problemLines(one.problems)) out.line(text);
    for (const { code, message, remedy } of one.stops)
      out.line(`  ${out.style.red("a run would stop")}: ${message} (${code}) ${remedy}`);
  }
  out.line();
  const numbers = (name: string, c: Planned["plan"] & { received: number }, seconds: number) => [
    name,
    ...[c.received, c.create, c.adopt, c.update, c.delete, c.unchanged, c.excluded, c.rejected].map(count),
    duration(seconds),
  ];
  const rows = plans.map((one) => numbers(one.sync, { ...one.plan, received: one.received }, one.seconds));
  if (plans.length > 1)
    rows.push(
      numbers(
        "all",
        totals,
        plans.reduce((n, one) => n + one.seconds, 0),
      ),
    );
  const head = ["plan", "received", "create", "adopt", "update", "delete", "unchanged", "excluded", "rejected", "time"];
  for (const text of table(head, rows, [1, 2, 3, 4, 5, 6, 7, 8, 9])) out.line(text);
  const besides = besideLines(totals);
  if (besides.length > 0) out.line();
  for (const text of besides) out.line(text);
  out.line();
  const stopped = plans.some(({ stops }) => stops.length > 0);
  out.line(
    `Environment ${environment}. Nothing was sent; \`sluice changes PLAN\` shows every change, \`sluice run SYNC --plan PLAN\` sends them${stopped ? ", with --approve where a run would stop" : ""}.`,
  );
}

/** What the table of counts does not show, a sentence each. */
function besideLines({ leave, deactivate, exit, status, add, remove, parents }: Totals): string[] {
  const off = deactivate ? `, ${count(deactivate)} of them by being deactivated` : "";
  const told: [number | undefined, one: string, several: string, rest: string][] = [
    [leave, "of the updates is of a row", "of the updates are of rows", `that left${off}.`],
    [exit, "row", "rows", "would be taken out of an audience."],
    [
      status,
      "of the rejected rows is",
      "of the rejected rows are",
      "written all the same, in audience columns or memberships alone.",
    ],
    [add, "member", "members", "would be put into lists and relationships."],
    [remove, "member", "members", "would be taken out of them."],
    [parents, "record", "records", "more would be made for lookups to point at."],
  ];
  return told.flatMap(([n, one, several, rest]) => (n ? [`${count(n)} ${n === 1 ? one : several} ${rest}`] : []));
}

/** What a run would cost, in one line. */
function forecastLine({ requests, counted, daily, share, seconds }: Planned["forecast"]): string {
  const of =
    daily === null || share === null
      ? `${count(counted)} ${counted === 1 ? "counts" : "count"} for the day (\`dailyRequests\` of the connection says of how many)`
      : `${count(counted)} of the day's ${count(daily)}, ${(share * 100).toFixed(1)} %`;
  const about = (s: number) => (s < 1 ? "less than a second" : `about ${duration(s)}`);
  const time = seconds === null ? "no measure of the time yet" : `${about(seconds)} to send`;
  return `forecast: ${many(requests, "request")}; ${of}; ${time}`;
}

export function kindsOf(samples: Sample[]): string[] {
  return [...new Set(samples.map((sample) => sample.op))];
}

export function printKind(kind: string, one: Pick<Planned, "samples" | "plan">, out: Output, most: number): void {
  const samples = one.samples.filter((sample) => sample.op === kind).slice(0, most);
  for (const sample of samples) {
    out.line(
      `  ${marks[kind] ?? "*"} ${kind} ${visible(sample.key)}${sample.id ? out.style.dim(`  ${sample.id}`) : ""}`,
    );
    const width = Math.max(0, ...sample.columns.map((column) => column.name.length));
    for (const column of sample.columns) {
      const change = kind === "create" ? shown(column.new) : `${shown(column.old)} -> ${shown(column.new)}`;
      out.line(`      ${column.name.padEnd(width)}  ${change}`);
    }
  }
  const counts = one.plan as Record<string, number | undefined>;
  // Rows that left are updates, too, and told by themselves.
  const all = (counts[kind] ?? 0) - (kind === "update" ? (counts.leave ?? 0) : 0);
  if (samples.length > 0 && all > samples.length)
    out.line(out.style.dim(`    ... and ${count(all - samples.length)} more to ${kind}`));
}
