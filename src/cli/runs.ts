import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { what } from "./terminal/history.ts";
import { table } from "./terminal/table.ts";

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
