import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("rejected")
    .description("list the rows that the latest run did not send, with the reason")
    .argument("[sync...]", "which syncs; all, if none is named")
    .option("--run <id>", "another run than the latest, as `sluice runs` names it")
    .option("--limit <n>", "how many rows to list", wholeNumber, 1000)
    .action((syncs: string[], options: { run?: string; limit: number }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.rejected({ syncs, ...options });
          const rows = result.rows.map((row) => [
            row.sync,
            row.key,
            row.status,
            row.column ?? "",
            row.code,
            row.message,
          ]);
          if (rows.length > 0)
            for (const text of table(["sync", "key", "status", "column", "code", "message"], rows))
              context.out.line(text);
          else context.out.line(result.runs.length > 0 ? "No row was rejected." : "Nothing was run here yet.");
          if (rows.length === options.limit) context.out.note(`Only the first ${options.limit}; --limit shows more.`);
          return { result };
        }),
      ),
    );
};
