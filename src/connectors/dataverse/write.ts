import type { Batch, BatchOp, BatchOutcome, Pace } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { writeBulk } from "./bulk.ts";
import type { WebApi } from "./http.ts";
import { writeMembers } from "./members.ts";
import { writeRows } from "./rows.ts";
import { assemble } from "./settle.ts";
import { bulkBounds, nextSize, partBounds } from "./size.ts";

export type Writer = {
  /**
   * Writes a batch and accounts for every change of it. A row's own fault is an outcome, never an exception. Throws when
   * nothing was written (see `stopped`): host_unreachable, not_allowed, throttled, destination_failed, secret_wrong,
   * unknown_object, unexpected_answer, or the signal's reason. A request whose answer was lost is not repeated: `unknown`.
   */
  write(object: ObjectSchema, batch: Batch, signal: AbortSignal): Promise<BatchOutcome>;
  pace(object: ObjectSchema, op: BatchOp): Pace;
};

/**
 * Bulk messages where the table has them, small batches of single requests for the rest and for deletes. No page tells
 * whether CreateMultiple takes a deep insert, so rows that bring others along go singly, too.
 */
export function openWriter(api: WebApi): Writer {
  /** Rows of the next request, by table and operation. */
  const sizes = new Map<string, number>();
  const inBulk = (object: ObjectSchema, op: BatchOp) =>
    op === "add" ||
    (op === "create" && object.can.bulk && object.can.bulkCreate !== false) ||
    (op === "update" && object.can.bulk);
  const bounds = (object: ObjectSchema, op: BatchOp) => (inBulk(object, op) ? bulkBounds : partBounds);
  const size = (object: ObjectSchema, op: BatchOp) => sizes.get(`${op} ${object.name}`) ?? bounds(object, op).first;
  return {
    async write(object, batch, signal) {
      const { op } = batch;
      const learn = (rows: number, ms: number) => {
        sizes.set(`${op} ${object.name}`, nextSize(size(object, op), rows, ms, bounds(object, op)));
      };
      if (batch.into) return assemble(batch, await writeMembers(api, object, batch, learn, signal));
      const way = inBulk(object, op)
        ? writeBulk(api, object, batch, learn, signal)
        : writeRows(api, object, [batch], learn, signal);
      return assemble(batch, await way);
    },
    pace: (object, op) => ({ atOnce: api.atOnce(), rows: size(object, op) }),
  };
}
