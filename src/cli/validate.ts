import type { SyncEvent } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { tellWarning } from "./terminal/progress.ts";
import { many } from "./terminal/table.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("validate")
    .description("check the project's files and sources; contacts no destination")
    .action(() =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = (event: SyncEvent) => tellWarning(event, context.out);
          const result = await client.validate({}, { onEvent, signal: context.signal });
          const { project, environment, connections, models, audiences, syncs } = result;
          context.out.line(
            `${project} (environment ${environment}) is in order: ${many(connections, "connection")}, ${many(models, "model")}, ${many(audiences, "audience")}, ${many(syncs, "sync")}.`,
          );
          if (syncs > 0) context.out.line(`They run in this order: ${result.order.join(", ")}.`);
          return { result };
        }),
      ),
    );
};
