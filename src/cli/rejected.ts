import type { ResponseOf } from "../api/index.ts";
import { SluiceError } from "../core/errors.ts";
import { visible } from "../core/visible.ts";
import { several, wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { problemLines } from "./terminal/problems.ts";
import { count, many, table } from "./terminal/table.ts";

type Told = ResponseOf<"rejected">;
type Options = { code?: string; column?: string; key?: string[]; rows?: boolean; limit: number; out?: string } & {
  curl?: boolean;
  showValues?: boolean;
};

export const register: Register = (program, run) => {
  const command = program
    .command("rejected")
    .description("tell which rows were not sent, by cause, with remedy and when they are tried again")
    .argument("[sync|run...]", "syncs, for their latest run, or runs by id; every sync, if none is named")
    .option("--code <code>", "only this reason, or this code of a refusal by Dynamics")
    .option("--column <name>", "only what is wrong with this column")
    .option("--key <key>", "only this row; may be repeated", several)
    .option("--rows", "list the rows")
    .option("--curl", "the request of each row named with --key, as a command to send it with ($TOKEN is the token)")
    .option("--show-values", "with --curl: the values as they are sent, instead of masks")
    .option("--limit <n>", "how many rows to list", wholeNumber, 1000)
    .option("--out <file>", "write all rows to a file: .csv, .json or .parquet")
    .action((of: string[], { key: keys, ...options }: Options) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const some = (options.code ?? options.column ?? keys) !== undefined;
          let whole: Told | undefined;
          const onDamage = (told: Told) => {
            whole = told;
          };
          try {
            const result = await client.rejected({ of, keys, ...options }, { onDamage });
            print(result, options.limit, some, context.out);
            return { result };
          } catch (thrown) {
            if (whole === undefined) throw thrown;
            print(whole, options.limit, some, context.out);
            return { result: whole, error: SluiceError.from(thrown) };
          }
        }),
      ),
    );
};

/** `some`: not all rows were asked for, so that none does not mean that all went. */
function print({ runs, groups, rows, requests, file }: Told, limit: number, some: boolean, out: Output): void {
  if (runs.length === 0) out.line("Nothing was run here yet.");
  else if (file) out.line(`${many(file.rows, "row")} written to ${file.path}.`);
  else if (requests.length > 0) printRequests(requests, out);
  else if (rows.length + groups.length === 0)
    out.line(some ? "No row that was not sent fits --code, --column and --key." : "No row was rejected.");
  else if (rows.length > 0) printRows(rows, limit, out);
  else printGroups(groups, out);
}

function printGroups(groups: Told["groups"], out: Output): void {
  for (const [i, group] of groups.entries()) {
    if (group.run !== groups[i - 1]?.run) out.line(out.style.bold(group.sync) + out.style.dim(`  run ${group.run}`));
    for (const text of problemLines([group])) out.line(text);
  }
  out.line();
  out.line("--rows lists the rows, --out FILE writes them all.");
}

/** Standard output holds the commands alone, so that it can go to a file. */
function printRequests(requests: Told["requests"], out: Output): void {
  for (const { sync, key, code, message, curl } of requests)
    if (curl !== null) out.line(curl);
    else {
      const why = message === null ? `${code} (--show-values tells more, with its values)` : `${code}: ${message}`;
      out.note(
        `${sync}, row ${visible(key)}: nothing of it was sent, or that is kept no longer, so there is no request. ${why}`,
      );
    }
}

function printRows(rows: Told["rows"], limit: number, out: Output): void {
  const cells = rows.map((row) => [
    row.sync,
    visible(row.key),
    row.status,
    row.column ?? "",
    row.code,
    visible(row.message),
    row.again,
  ]);
  for (const text of table(["sync", "key", "status", "column", "code", "message", "tried again"], cells))
    out.line(text);
  if (rows.length === limit) out.note(`Only the first ${count(limit)}; --limit lists more, --out FILE writes all.`);
}
