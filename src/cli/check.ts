import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { printFound, printSteps } from "./terminal/steps.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("check")
    .description("test a connection step by step: host, sign-in, user, privileges, tables; writes nothing")
    .argument("[connection]", "which connection; all, if none is named")
    .action((connection: string | undefined) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const result = await client.check({ connection }, { signal: context.signal });
          print(result, context.out);
          return { result, exit: result.failed > 0 ? 2 : 0 };
        }),
      ),
    );
};

function print({ connections, failed, warnings, environment }: ResponseOf<"check">, out: Output): void {
  printSteps(
    connections.map(({ connection, steps }) => ({ title: connection, steps })),
    out,
  );
  printFound(environment, failed, warnings, out);
}
