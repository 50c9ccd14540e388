import { type Register, targetOf, withClient } from "./terminal/command.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("pause")
    .description("have a run under way settle and end, and let none begin until it is continued")
    .argument("<sync>", "which sync")
    .action((sync: string) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.pause({ sync });
          context.out.line(`${sync} is paused.${result.running ? " Its run settles what was sent, and ends." : ""}`);
          return { result };
        }),
      ),
    );
};
