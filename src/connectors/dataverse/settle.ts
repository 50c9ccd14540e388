import type { Batch, BatchOutcome, RowOutcome } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { type Fault, stopping } from "./faults.ts";

/** What became of one part of a batch. `ids` of a create are in row order. */
export type PartResult = {
  status: "created" | "updated" | "deleted" | "unknown" | "failed" | "rejected";
  ids?: string[];
  code?: string;
  message?: string;
};

export type Settled = { part: Batch; result: PartResult };

const done = {
  create: "created",
  update: "updated",
  delete: "deleted",
  add: "updated",
  remove: "updated",
} as const;

/** What a success is called for this operation. */
export function success(batch: Batch): "created" | "updated" | "deleted" {
  return done[batch.op];
}

/** What an answer means that calls itself a success but is not as the service's are, such as a proxy's page. */
export function unclear(status: number): PartResult {
  return { status: "unknown", message: `the answer (HTTP ${status}) does not say what was written` };
}

/**
 * What the refusal of a single row means for it; throws when the refusal is not about this row. A create that meets
 * a record is `unknown`, with the code: reading tells whose it is.
 */
export function refused(object: ObjectSchema, row: Batch, fault: Fault, doing: string): PartResult {
  const { code, message } = fault;
  switch (fault.kind) {
    case "duplicate":
      return { status: row.op === "create" ? "unknown" : "rejected", code, message };
    case "missing":
    case "row":
    case "tooLarge":
      return { status: "rejected", code, message };
    case "schema":
      throw new SluiceError(
        "unknown_object",
        `Dynamics 365 has no table ${object.name} to write to: ${message} (${code}).`,
      );
    default:
      throw stopping(fault, doing);
  }
}

/** The change numbers of the batch's rows, in row order; the keys are asked for only where the range has gaps. */
async function numbers(batch: Batch): Promise<number[]> {
  if (batch.to - batch.from === batch.rows) return Array.from({ length: batch.rows }, (_, i) => batch.from + i);
  return (await batch.keys()).map((key) => key.n);
}

/**
 * One outcome for the whole batch out of those of its parts. The batch's status is that of a success; whatever a part
 * became instead is named row by row, and so are the ids of created rows when not all rows were created.
 */
export async function assemble(batch: Batch, settled: readonly Settled[]): Promise<BatchOutcome> {
  const [only] = settled;
  if (only && settled.length === 1 && only.result.status === "unknown" && !only.result.code)
    return { status: "unknown", exceptions: [] };
  const status = success(batch);
  const whole = settled.every(({ result }) => result.status === status);
  const ids: { n: number; id: string }[] = [];
  const exceptions: RowOutcome[] = [];
  for (const { part, result } of settled.toSorted((a, b) => a.part.from - b.part.from)) {
    if (result.status === status && !result.ids && !result.code) continue;
    for (const [i, n] of (await numbers(part)).entries()) {
      const id = result.ids?.[i];
      if (whole && id !== undefined) ids.push({ n, id });
      else
        exceptions.push({
          n,
          status: result.status,
          ...(id !== undefined && { id }),
          ...(result.code !== undefined && { code: result.code }),
          ...(result.message !== undefined && { message: result.message }),
        });
    }
  }
  return { status, ...(whole && batch.op === "create" && ids.length === batch.rows && { ids }), exceptions };
}

/**
 * An error that stops the work in the middle of a batch. Where nothing was written it is thrown: the caller may treat
 * the batch as never sent. Where something was (or may have been), throwing would hide it, so that the rest is `failed`
 * with the error's code and message instead, and the next batch will meet the same error.
 */
export function stopped(
  thrown: unknown,
  settled: readonly Settled[],
  rest: readonly Batch[],
  signal: AbortSignal,
): Settled[] {
  if (settled.every(({ result }) => result.status === "rejected")) throw thrown;
  const { code, message } = signal.aborted
    ? { code: "interrupted", message: "stopped before this row was sent" }
    : SluiceError.from(thrown);
  return rest.map((part) => ({ part, result: { status: "failed", code, message } }));
}
