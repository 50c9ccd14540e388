import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("describe")
    .description("list the tables of a connection, or the columns and keys of one table")
    .argument("<connection>", "a connection of the project")
    .argument("[object]", "one of its tables")
    .action((connection: string, object: string | undefined) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.describe({ connection, object });
          print(result, context.out);
          return { result };
        }),
      ),
    );
};

function print(result: ResponseOf<"describe">, out: Output): void {
  if ("objects" in result) {
    const rows = result.objects.map(({ name, title }) => [name, title]);
    for (const text of table(["table", "title"], rows)) out.line(text);
    return;
  }
  out.line(out.style.bold(`${result.object} (${result.title})`));
  // Of a source nothing can be written, which goes without saying.
  const source = !result.columns.some((column) => column.writable);
  const rows = result.columns.map((column) => [
    column.name,
    column.type,
    column.writable || source ? (column.required ? "required" : "") : "read only",
    column.title,
    column.details,
  ]);
  for (const text of table(["column", "type", "", "title", "details"], rows)) out.line(text);
  for (const key of result.keys)
    out.line(`key ${key.name}: ${key.columns.join(", ")}${key.active ? "" : " (not active yet)"}`);
}
