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
  pace(object: ObjectSchema, op: BatchOp, guarded?: boolean): Pace;
};

/**
 * Bulk messages where the table has them, small batches of single requests for the rest and for deletes. No page tells
 * whether CreateMultiple takes a deep insert, so rows that bring others along go singly, too; and so do guarded
 * ones, for bulk messages take no version of a record.
 */
export function openWriter(api: WebApi): Writer {
  /** Rows of the next request, by table and operation. */
  const sizes = new Map<string, number>();
  const inBulk = (object: ObjectSchema, op: BatchOp, guarded: boolean) =>
    op === "add" ||
    (op === "create" && object.can.bulk && object.can.bulkCreate !== false) ||
    (op === "update" && object.can.bulk && !guarded);
  const sized = (object: ObjectSchema, op: BatchOp, guarded: boolean) => {
    const bulk = inBulk(object, op, guarded);
    const bounds = bulk ? bulkBounds : partBounds;
    const name = `${op} ${object.name} ${bulk}`;
    return { bulk, bounds, name, size: sizes.get(name) ?? bounds.first };
  };
  return {
    async write(object, batch, signal) {
      const { op, guarded = false } = batch;
      const learn = (rows: number, ms: number) => {
        const { name, size, bounds } = sized(object, op, guarded);
        sizes.set(name, nextSize(size, rows, ms, bounds));
      };
      if (batch.into) return assemble(batch, await writeMembers(api, object, batch, learn, signal));
      const way = sized(object, op, guarded).bulk
        ? writeBulk(api, object, batch, learn, signal)
        : writeRows(api, object, [batch], learn, signal);
      return assemble(batch, await way);
    },
    pace: (object, op, guarded = false) => ({ atOnce: api.atOnce(), rows: sized(object, op, guarded).size }),
  };
}
