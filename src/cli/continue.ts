import { type Register, targetOf, withClient } from "./terminal/command.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("continue")
    .description("let a paused sync run again")
    .argument("<sync>", "which sync")
    .action((sync: string) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.continue({ sync });
          context.out.line(`${sync} may run again: \`sluice run ${sync}\` goes on where it was.`);
          return { result };
        }),
      ),
    );
};
