import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { progressView } from "./terminal/progress.ts";
import { many } from "./terminal/table.ts";
import { printVerified } from "./terminal/verified.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("verify")
    .description("read linked records again and report every row that differs")
    .argument("[sync...]", "which syncs; all, if none is named")
    .option("--sample <n>", "only so many records of each sync, picked by chance", wholeNumber)
    .option("--full", "read the whole tables: also records of no row, and duplicates")
    .option("--out <file>", "write all differences to a file: .csv, .json or .parquet")
    .action((syncs: string[], options: { sample?: number; full?: boolean; out?: string }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = progressView(context.out);
          const result = await client.verify({ syncs, ...options }, { onEvent, signal: context.signal });
          printVerified(result, context.out);
          if (result.file) context.out.line(`${many(result.file.rows, "difference")} written to ${result.file.path}.`);
          return { result, exit: result.differences + result.duplicates > 0 ? 1 : 0 };
        }),
      ),
    );
};
