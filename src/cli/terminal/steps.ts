import type { CheckStep } from "../../core/check.ts";
import type { Output } from "./output.ts";
import { many } from "./table.ts";

const signs = { ok: "ok", warning: "!", failed: "FAILED", skipped: "-" } as const;
const colours = { ok: "green", warning: "yellow", failed: "red", skipped: "dim" } as const;

/** Steps under the name of what they were taken for; what is wrong is followed by its cause and its remedy. */
export function printSteps(groups: readonly { title: string; steps: readonly CheckStep[] }[], out: Output): void {
  const widest = Math.max(0, ...groups.flatMap(({ steps }) => steps.map(({ step }) => step.length)));
  for (const { title, steps } of groups) {
    out.line(out.style.bold(title));
    for (const { step, status, detail, cause, remedy } of steps) {
      const sign = out.style[colours[status]](signs[status].padEnd(7));
      out.line(`  ${sign}${step.padEnd(widest + 2)}${detail}`.trimEnd());
      if (cause) out.line(`         ${cause}`);
      if (remedy) out.line(`         -> ${remedy}`);
    }
    out.line();
  }
}

/** The last line: how many of them are wrong. */
export function printFound(environment: string, failed: number, warnings: number, out: Output): void {
  const found = [many(failed, "failure"), many(warnings, "warning")].join(", ");
  out.line(`Environment ${environment}: ${failed + warnings === 0 ? "all is well." : `${found}.`}`);
}
