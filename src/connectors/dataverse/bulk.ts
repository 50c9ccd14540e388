import { z } from "zod";
import type { Batch } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { parseJson } from "./body.ts";
import { classify } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { refusedRow } from "./refused.ts";
import { type PartResult, type Settled, stopped, success } from "./settle.ts";

const created = z.object({ Ids: z.array(z.string()) });

type Item = { part: Batch; bad: boolean; twin: Item | undefined };

/**
 * CreateMultiple or UpdateMultiple: one transaction, one error for all rows that does not say which row is at fault
 * (dataverse.md section 7). So a refused batch is halved until the bad rows stand alone. When the first half of a bad
 * batch goes through, the second must be the bad one and is halved without being sent whole. Measured: one bad row in
 * 100 costs 8 to 15 requests, the first included (12 on average), five of them 41, one in 1000 costs 16; all bad: 2 per
 * row less one, which is the most.
 */
export async function writeBulk(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  signal: AbortSignal,
): Promise<Settled[]> {
  const settled: Settled[] = [];
  const stack: Item[] = [{ part: batch, bad: false, twin: undefined }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { part, bad, twin } = item;
    try {
      signal.throwIfAborted();
      const result = bad && part.rows > 1 ? "refused" : await sendPart(api, object, part, signal);
      if (typeof result === "object") {
        settled.push({ part, result });
        if (twin && result.status === success(part)) twin.bad = true;
        continue;
      }
      const [left, right] = (await part.split(2)) as [Batch, Batch];
      const second: Item = { part: right, bad: false, twin: undefined };
      stack.push(second, { part: left, bad: false, twin: result === "refused" ? second : undefined });
    } catch (thrown) {
      return [...settled, ...stopped(thrown, settled, [part, ...stack.toReversed().map((i) => i.part)], signal)];
    }
  }
  return settled;
}

/** `refused`: at least one row is bad. `tooLarge`: nobody is to blame, the request is too long. Both: nothing written. */
async function sendPart(
  api: WebApi,
  object: ObjectSchema,
  part: Batch,
  signal: AbortSignal,
): Promise<PartResult | "refused" | "tooLarge"> {
  const create = part.op === "create";
  const doing = `${part.op} ${object.name} records`;
  const answer = await api.write(
    {
      method: "POST",
      path: `${object.set}/Microsoft.Dynamics.CRM.${create ? "CreateMultiple" : "UpdateMultiple"}`,
      body: targets(part.elements),
      doing,
    },
    signal,
  );
  if ("lost" in answer) return { status: "unknown", message: answer.lost };
  if (answer.status < 300) {
    if (!create) return answer.status === 204 ? { status: "updated" } : unclear(answer.status);
    const ids = created.safeParse(parseJson(answer)).data?.Ids;
    return ids?.length === part.rows ? { status: "created", ids } : unclear(answer.status);
  }
  const fault = classify(answer);
  if (part.rows > 1 && fault.kind === "tooLarge") return "tooLarge";
  if (part.rows > 1 && ["row", "missing", "duplicate"].includes(fault.kind)) return "refused";
  return refusedRow(api, object, part, fault, doing, signal);
}

function unclear(status: number): PartResult {
  return { status: "unknown", message: `the answer (HTTP ${status}) does not say what was written` };
}

function targets(elements: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('{"Targets":['), elements, Buffer.from("]}")]);
}
