import { type Register, targetOf, withClient } from "./terminal/command.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("stop")
    .description("have a run under way settle what was sent, and end")
    .argument("<sync>", "which sync")
    .action((sync: string) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.stop({ sync });
          context.out.line(
            result.running ? `The run of ${sync} settles what was sent, and ends.` : `No run of ${sync} is under way.`,
          );
          return { result };
        }),
      ),
    );
};
