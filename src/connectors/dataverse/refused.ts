import type { Batch } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { type Fault, stopping } from "./faults.ts";
import type { WebApi } from "./http.ts";
import type { PartResult } from "./settle.ts";

/**
 * What the refusal of a single row (`part.rows` is 1) means for it; throws when the refusal is not about this row.
 * A create that meets itself is `unknown`: we, in a try whose answer was lost, or somebody else made the record, and
 * reading tells. Code `gone`: the record to update is not there any more.
 */
export async function refusedRow(
  api: WebApi,
  object: ObjectSchema,
  part: Batch,
  fault: Fault,
  doing: string,
  signal: AbortSignal,
): Promise<PartResult> {
  const { code, message } = fault;
  switch (fault.kind) {
    case "duplicate":
      return { status: part.op === "create" ? "unknown" : "rejected", code, message };
    case "missing":
      if (part.op === "update" && (await isGone(api, object, part, signal)))
        return { status: "rejected", code: "gone", message: `the ${object.name} record was deleted in Dynamics 365` };
      return { status: "rejected", code, message };
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

/** The same answer says that the record is missing, or that one it points at is (dataverse.md section 14): look. */
async function isGone(api: WebApi, object: ObjectSchema, part: Batch, signal: AbortSignal): Promise<boolean> {
  const [row] = await part.keys();
  const path = `${object.set}(${row?.id})?$select=${object.id}`;
  return (await api.read({ path, doing: `look for a ${object.name}` }, signal)).status === 404;
}
