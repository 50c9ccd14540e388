import type { ResponseOf } from "../api/index.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import type { Output } from "./terminal/output.ts";
import { many } from "./terminal/table.ts";

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

const signs = { ok: "ok", warning: "!", failed: "FAILED", skipped: "-" } as const;
const colours = { ok: "green", warning: "yellow", failed: "red", skipped: "dim" } as const;

function print({ connections, failed, warnings, environment }: ResponseOf<"check">, out: Output): void {
  const widest = Math.max(...connections.flatMap(({ steps }) => steps.map(({ step }) => step.length)));
  for (const { connection, steps } of connections) {
    out.line(out.style.bold(connection));
    for (const { step, status, detail, cause, remedy } of steps) {
      const sign = out.style[colours[status]](signs[status].padEnd(7));
      out.line(`  ${sign}${step.padEnd(widest + 2)}${detail}`.trimEnd());
      if (cause) out.line(`         ${cause}`);
      if (remedy) out.line(`         -> ${remedy}`);
    }
    out.line();
  }
  const found = [many(failed, "failure"), many(warnings, "warning")].join(", ");
  out.line(`Environment ${environment}: ${failed + warnings === 0 ? "all is well." : `${found}.`}`);
}
