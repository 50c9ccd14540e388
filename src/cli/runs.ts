import type { ResponseOf } from "../api/index.ts";
import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { count, table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("runs")
    .description("list what was planned, run, verified, undone and rebuilt, the newest first")
    .argument("[sync]", "only those of one sync")
    .option("--limit <n>", "how many to list", wholeNumber, 20)
    .action((sync: string | undefined, { limit }: { limit: number }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.runs({ sync, limit });
          const rows = result.runs.map((one) => [
            one.id,
            one.sync,
            one.kind,
            one.status,
            one.started.slice(0, 19).replace("T", " "),
            what(one),
          ]);
          for (const text of table(["id", "sync", "kind", "status", "started (UTC)", "what"], rows))
            context.out.line(text);
          if (rows.length === 0) context.out.line("Nothing was run here yet.");
          return { result };
        }),
      ),
    );
};

type Listed = ResponseOf<"runs">["runs"][number];

function what(one: Listed): string {
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
