import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { progressView } from "./terminal/progress.ts";
import { count, shown, table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("verify")
    .description("read the destination again and report every row that differs")
    .argument("[sync...]", "which syncs; all, if none is named")
    .action((syncs: string[]) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = progressView(context.out);
          const result = await client.verify({ syncs }, { onEvent, signal: context.signal });
          printReport(result, context.out);
          return { result, exit: result.differences > 0 ? 1 : 0 };
        }),
      ),
    );
};

const mostRows = 20;

function printReport({ syncs, checked, differences }: ResponseOf<"verify">, out: Output): void {
  for (const { sync, object, rows } of syncs) {
    if (rows.length === 0) continue;
    out.line();
    out.line(out.style.bold(`${sync} -> ${object}`));
    const cells = rows.slice(0, mostRows).map((row) => [row.key, row.column, shown(row.expected), shown(row.found)]);
    for (const text of table(["key", "column", "expected", "found"], cells)) out.line(`  ${text}`);
    if (rows.length > mostRows) out.line(out.style.dim(`  ... and more; --json shows ${count(rows.length)}`));
  }
  out.line();
  const cells = syncs.map((one) => [one.sync, count(one.checked), count(one.differences)]);
  if (syncs.length > 1) cells.push(["all", count(checked), count(differences)]);
  for (const text of table(["verify", "checked", "differences"], cells, [1, 2])) out.line(text);
}
