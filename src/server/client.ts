import type { z } from "zod";
import { type CallOptions, type Client, operations, type Target } from "../api/index.ts";
import { SluiceError } from "../core/errors.ts";
import { openWorkplace, type Parts, type Workplace } from "./workplace.ts";

type Op<Request, Response> = (workplace: Workplace, request: Request, options: CallOptions) => Promise<Response>;

/** What is wrong with a request, in one sentence; rules of our own are one already. */
const faultOf = ({ code, path, message }: z.core.$ZodIssue): string =>
  code === "custom" ? message : `\`${path.join(".")}\` is wrong: ${message}.`;

/** A client that does every operation in this process. The code of an operation is loaded when it is first asked for. */
export function localClient(target: Target, parts: Parts): Client {
  const workplace = openWorkplace(target, parts);
  const call =
    <Schema extends z.ZodType, Response>(schema: Schema, load: () => Promise<Op<z.output<Schema>, Response>>) =>
    async (request: z.input<Schema>, options: CallOptions = {}): Promise<Response> => {
      const checked = schema.safeParse(request);
      if (!checked.success) throw new SluiceError("usage", checked.error.issues.map(faultOf).join(" "));
      return (await load())(workplace, checked.data, options);
    };
  return {
    validate: call(operations.validate.request, async () => (await import("./ops/project.ts")).validate),
    check: call(operations.check.request, async () => (await import("./ops/check.ts")).check),
    describe: call(operations.describe.request, async () => (await import("./ops/connections.ts")).describe),
    plan: call(operations.plan.request, async () => (await import("./ops/syncs.ts")).plan),
    run: call(operations.run.request, async () => (await import("./ops/syncs.ts")).run),
    undo: call(operations.undo.request, async () => (await import("./ops/undo.ts")).undo),
    verify: call(operations.verify.request, async () => (await import("./ops/verify.ts")).verify),
    runs: call(operations.runs.request, async () => (await import("./ops/runs.ts")).runs),
    rejected: call(operations.rejected.request, async () => (await import("./ops/rejected.ts")).rejected),
    changes: call(operations.changes.request, async () => (await import("./ops/changes.ts")).changes),
    resend: call(operations.resend.request, async () => (await import("./ops/resend.ts")).resend),
    resolve: call(operations.resolve.request, async () => (await import("./ops/resolve.ts")).resolve),
    doctor: call(operations.doctor.request, async () => (await import("./ops/doctor.ts")).doctor),
    rebuild: call(operations.rebuild.request, async () => (await import("./ops/rebuild.ts")).rebuild),
    role: call(operations.role.request, async () => (await import("./ops/doctor.ts")).role),
    pause: call(operations.pause.request, async () => (await import("./ops/steering.ts")).pause),
    continue: call(operations.continue.request, async () => (await import("./ops/steering.ts")).goOn),
    stop: call(operations.stop.request, async () => (await import("./ops/steering.ts")).stop),
    close: () => workplace.close(),
  };
}
