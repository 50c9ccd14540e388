import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { printFound, printSteps } from "./terminal/steps.ts";
import { many, table } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("doctor")
    .description("say what stands in the way of syncs: connection, changed tables, state, history; sends nothing")
    .argument("[sync...]", "which syncs; all, if none is named")
    .option("--role <sync>", "list the least privileges this sync needs, those missing and those beyond need")
    .option("--repair", "remove what is kept no longer and what dead processes left, and compact the state")
    .action((syncs: string[], { role, repair }: { role?: string; repair?: boolean }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const options = { signal: context.signal };
          if (role !== undefined) {
            const result = await client.role({ sync: role }, options);
            printRole(result, context.out);
            return { result, exit: result.missing > 0 ? 2 : 0 };
          }
          const result = await client.doctor({ syncs, repair }, options);
          const groups = [
            ...result.connections.map(({ connection, steps }) => ({ title: connection, steps })),
            ...result.syncs.map(({ sync, steps }) => ({ title: sync, steps })),
            { title: "runs", steps: result.history },
          ];
          printSteps(groups, context.out);
          printSizes(result.sizes, context.out);
          printFound(result.environment, result.failed, result.warnings, context.out);
          return { result, exit: result.failed > 0 ? 2 : 0 };
        }),
      ),
    );
};

function printSizes(sizes: ResponseOf<"doctor">["sizes"], out: Output): void {
  const rows = sizes.map(({ part, path, bytes }) => [megabytes(bytes), part, path]);
  for (const text of table(["on disk", "part", "where"], rows, [0])) out.line(text);
  out.line();
}

const megabytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

function printRole({ sync, connection, privileges, missing, beyond }: ResponseOf<"role">, out: Output): void {
  out.line(out.style.bold(`The least privileges ${sync} needs in ${connection}`));
  const needed = privileges.filter((one) => one.needed);
  const rows = needed.map(({ name, held, why, object, users }) => [
    name,
    held ?? `MISSING${users ? ` (${users.join(", ")})` : ""}`,
    object === "" ? why : `${object}: ${why}`,
  ]);
  for (const text of table(["privilege", "held", "why"], rows)) out.line(text);
  const others = privileges
    .filter((one) => !one.needed)
    .map(({ name, held, users }) => [name, [held, ...(users ?? [])].join(" ")]);
  if (others.length > 0) {
    out.line();
    for (const text of table(["beyond need", "held"], others)) out.line(text);
  }
  out.line();
  out.line(`${missing === 0 ? "None is missing" : `${many(missing, "privilege")} missing`}, ${beyond} beyond need.`);
  out.line("Give them at organization level, on a copy of the role App Opener, which lets a user read definitions.");
}
