import type { Batch, RowKey } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Answer } from "./exchange.ts";
import { classify } from "./faults.ts";
import type { Lost, WebApi, WriteCall } from "./http.ts";
import { refusedRow } from "./refused.ts";
import { type PartResult, type Settled, stopped, success } from "./settle.ts";

/** Requests of one batch under way at once; the engine has several batches under way. */
const AT_ONCE = 4;

/**
 * One request a row: for deletes, and for tables without bulk messages. An update is sent with `If-Match: *`, so that a
 * record that is gone is not made anew; a delete of a record that is gone has its wish. Source: dataverse.md section 4.
 */
export async function writeSingly(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  signal: AbortSignal,
): Promise<Settled[]> {
  const parts = batch.rows === 1 ? [batch] : await batch.split(batch.rows);
  const keys = await batch.keys();
  const elements = batch.op === "delete" ? [] : exactObjects(batch.elements);
  const results: (PartResult | undefined)[] = [];
  let error: { thrown: unknown } | undefined;
  let next = 0;
  async function worker(): Promise<void> {
    while (next < parts.length && !error) {
      const i = next++;
      try {
        signal.throwIfAborted();
        results[i] = await sendRow(api, object, parts[i]!, keys[i]!, elements[i], signal);
      } catch (thrown) {
        error ??= { thrown };
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const settled = parts.flatMap((part, i) => (results[i] ? [{ part, result: results[i] }] : []));
  if (!error) return settled;
  const rest = parts.filter((_, i) => !results[i]);
  return [...settled, ...stopped(error.thrown, settled, rest, signal)];
}

async function sendRow(
  api: WebApi,
  object: ObjectSchema,
  part: Batch,
  key: RowKey,
  element: Record<string, unknown> | undefined,
  signal: AbortSignal,
): Promise<PartResult> {
  const doing = `${part.op} a ${object.name} record`;
  const answer = await api.write({ ...callOf(object, part, key, element), doing }, signal);
  if ("lost" in answer) return { status: "unknown", message: answer.lost };
  if (answer.status < 300) return written(part, answer);
  const fault = classify(answer);
  if (part.op === "delete" && fault.kind === "missing") return { status: "deleted" };
  return refusedRow(api, object, part, fault, doing, signal);
}

function callOf(
  object: ObjectSchema,
  part: Batch,
  key: RowKey,
  element: Record<string, unknown> | undefined,
): Omit<WriteCall, "doing"> {
  if (part.op === "create") return { method: "POST", path: object.set, body: JSON.stringify(element) };
  if (key.id === null) throw new SluiceError("bug", `${part.op} of ${object.name} "${key.key}" lacks the record's id`);
  const path = `${object.set}(${key.id})`;
  if (part.op === "delete") return { method: "DELETE", path };
  const { [object.id]: _, ...columns } = element ?? {};
  return { method: "PATCH", path, headers: { "if-match": "*" }, body: JSON.stringify(columns) };
}

/** The id of a created record is in the address of the answer's OData-EntityId. */
function written(part: Batch, answer: Exclude<Answer, Lost>): PartResult {
  if (part.op !== "create") return { status: success(part) };
  const id = /\(([0-9a-f-]{36})\)$/i.exec(answer.header("odata-entityid") ?? "")?.[1];
  if (id === undefined) return { status: "unknown", message: "the answer does not name the created record" };
  return { status: "created", ids: [id.toLowerCase()] };
}

type Source = { source: string };

/** The elements as objects, each number kept digit by digit: a decimal can have more of them than a double holds. */
function exactObjects(elements: Uint8Array): Record<string, unknown>[] {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
  const keepDigits = (_: string, value: unknown, { source }: Source) =>
    typeof value === "number" ? raw(source) : value;
  const text = `[${Buffer.from(elements).toString("utf8")}]`;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}
