import { Option } from "commander";
import { type ChangeFormat, type ChangeKind, changeFormat, changeKind } from "../core/run.ts";
import { several, wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { many } from "./terminal/table.ts";

type Options = {
  kind?: ChangeKind[];
  key?: string[];
  column?: string[];
  limit: number;
  format?: ChangeFormat;
  out?: string;
};

export const register: Register = (program, run) => {
  const command = program
    .command("changes")
    .description("show every change of a plan or a run: old, new and why; or write them to a file")
    .argument("<run>", "a plan or a run by its id, as `sluice plan` and `sluice runs` name it")
    .option("--kind <kind>", `only one of ${changeKind.options.join(", ")}`, several)
    .option("--key <key>", "only this row; may be repeated, as --kind and --column", several)
    .option("--column <name>", "only this column", several)
    .option("--out <file>", "write them to a file: .txt, .json, .csv or .parquet")
    .addOption(new Option("--format <format>", "whatever the file's ending is").choices(changeFormat.options))
    .option("--limit <n>", "with --json, how many the result holds", wholeNumber, 1000)
    .action((id: string, { kind: kinds, key: keys, column: columns, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const { out } = context;
          const onText = out.json || options.out !== undefined ? undefined : out.text;
          const result = await client.changes({ run: id, kinds, keys, columns, ...options }, { onText });
          if (result.file !== null) out.line(`${many(result.total, "change")} written to ${result.file}.`);
          else
            out.note(`${many(result.total, "change")} of ${result.sync} -> ${result.object}, ${result.environment}.`);
          return { result };
        }),
      ),
    );
};
