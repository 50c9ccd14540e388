import { z } from "zod";
import type { Batch } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { parseJson } from "./body.ts";
import type { Answer } from "./exchange.ts";
import { classify, ofOneRow, stopping } from "./faults.ts";
import type { Lost, WebApi } from "./http.ts";
import { sendParts, type Unsent } from "./parts.ts";
import { writeRows } from "./rows.ts";
import { type PartResult, refused, type Settled, stopped, unclear } from "./settle.ts";
import { type Learn, lesson } from "./size.ts";

const created = z.object({ Ids: z.array(z.string()) });

/** From so many rows on, a group of them is tried in bulk once more before each is sent alone. */
const WORTH_GROUPING = 10;

/**
 * CreateMultiple or UpdateMultiple: one transaction, one error for all rows that does not say which row is at fault
 * (dataverse.md section 7). The rows of a refused call go again as one `$batch` of about as many bulk calls as each has
 * rows, and those of the groups then refused as a `$batch` of single rows: three requests find any number of bad rows in
 * 100; with every row of 1000 bad it is twelve. The reasons and the other ways: docs/adr.
 */
export async function writeBulk(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  learn: Learn,
  signal: AbortSignal,
): Promise<Settled[]> {
  const doing = `${batch.op} ${object.name} records`;
  const repeatable = batch.op === "update";
  const answer = await api.write({ method: "POST", ...callOf(api, object, batch), doing, repeatable }, signal);
  const told = verdict(batch, answer, doing);
  if (told instanceof SluiceError) throw told;
  if (typeof told === "object") {
    learn(batch.rows, lesson(answer));
    return [{ part: batch, result: told }];
  }
  if (told === "tooLarge") return halves(api, object, batch, learn, signal);
  const fault = classify(answer as Answer);
  // A missing record may be this one or one it points at: only looking tells.
  if (batch.rows === 1 && fault.kind !== "missing")
    return [{ part: batch, result: refused(object, batch, fault, doing) }];
  if (batch.rows < WORTH_GROUPING) return writeRows(api, object, [batch], () => {}, signal);
  return inGroups(api, object, await batch.split(Math.ceil(Math.sqrt(batch.rows))), doing, signal);
}

async function inGroups(
  api: WebApi,
  object: ObjectSchema,
  groups: Batch[],
  doing: string,
  signal: AbortSignal,
): Promise<Settled[]> {
  const settled: Settled[] = [];
  let rest = groups;
  try {
    const parts = groups.map((group) => ({ method: "POST" as const, ...callOf(api, object, group) }));
    const answers = await sendParts(api, parts, doing, signal);
    const verdicts = groups.map((group, i) => verdict(group, answers[i]!, doing));
    rest = [];
    for (const [i, told] of verdicts.entries()) {
      const group = groups[i]!;
      if (typeof told === "string" || told instanceof SluiceError) rest.push(group);
      else settled.push({ part: group, result: told });
    }
    const error = verdicts.find((told) => told instanceof SluiceError);
    if (error) throw error;
    return [...settled, ...(await writeRows(api, object, rest, () => {}, signal))];
  } catch (thrown) {
    return [...settled, ...stopped(thrown, settled, rest, signal)];
  }
}

/** No row is to blame: the request is too long. */
async function halves(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  learn: Learn,
  signal: AbortSignal,
): Promise<Settled[]> {
  learn(batch.rows, Number.POSITIVE_INFINITY);
  const settled: Settled[] = [];
  const parts = await batch.split(2);
  for (const [i, part] of parts.entries()) {
    try {
      signal.throwIfAborted();
      settled.push(...(await writeBulk(api, object, part, learn, signal)));
    } catch (thrown) {
      return [...settled, ...stopped(thrown, settled, parts.slice(i), signal)];
    }
  }
  return settled;
}

function callOf({ asked }: WebApi, object: ObjectSchema, batch: Batch) {
  const action = batch.op === "create" ? "CreateMultiple" : "UpdateMultiple";
  return {
    path: `${object.set}/Microsoft.Dynamics.CRM.${action}${asked.query}`,
    headers: asked.headers,
    body: Buffer.concat([Buffer.from('{"Targets":['), batch.elements, Buffer.from("]}")]),
  };
}

/**
 * `refused`: at least one row is bad. `tooLarge`: nobody is to blame, the request is too long. An error: nothing of the
 * kind can be written. With all three nothing was.
 */
type Verdict = PartResult | "refused" | "tooLarge" | SluiceError;

function verdict(batch: Batch, answer: Answer | Lost | Unsent, doing: string): Verdict {
  if ("unsent" in answer) return SluiceError.from(answer.unsent);
  if ("lost" in answer) return { status: "unknown", message: answer.lost };
  if (answer.status < 300) {
    if (batch.op === "update") return answer.status === 204 ? { status: "updated" } : unclear(answer.status);
    const ids = created.safeParse(parseJson(answer)).data?.Ids;
    return ids?.length === batch.rows ? { status: "created", ids } : unclear(answer.status);
  }
  const fault = classify(answer);
  if (fault.kind === "tooLarge" && batch.rows > 1) return "tooLarge";
  if (ofOneRow(fault)) return "refused";
  if (fault.kind === "down") return { status: "unknown", message: `${fault.code}: ${fault.message}` };
  return stopping(fault, doing);
}
