import type { Batch, BatchOutcome } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { writeBulk } from "./bulk.ts";
import type { WebApi } from "./http.ts";
import { writeRows } from "./rows.ts";
import { assemble } from "./settle.ts";

/**
 * Writes a batch and accounts for every change of it. A row's own fault is an outcome, never an exception. Throws when
 * nothing was written (see `stopped`): host_unreachable, not_allowed, throttled, destination_failed, secret_wrong,
 * unknown_object, unexpected_answer, or the signal's reason. A request whose answer was lost is not repeated: `unknown`.
 */
export async function writeBatch(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  const bulk = batch.op !== "delete" && object.can.bulk;
  return assemble(
    batch,
    await (bulk ? writeBulk(api, object, batch, signal) : writeRows(api, object, [batch], signal)),
  );
}
