import { wholeNumber } from "./terminal/arguments.ts";
import { type Register, targetOf, withClient } from "./terminal/command.ts";
import { printPlan } from "./terminal/plan.ts";
import { progressView } from "./terminal/progress.ts";

export const register: Register = (program, run) => {
  const command = program
    .command("plan")
    .description("show the exact changes a run would make, and send nothing")
    .argument("[sync...]", "which syncs; all, if none is named")
    .option("--samples <n>", "how many changes of each kind to show, 3 at most", wholeNumber, 3)
    .action((syncs: string[], { samples }: { samples: number }) =>
      run((context) =>
        withClient(context, targetOf(command), async (client) => {
          const onEvent = progressView(context.out);
          const result = await client.plan({ syncs }, { onEvent, signal: context.signal });
          printPlan(result, context.out, samples);
          return { result };
        }),
      ),
    );
};
