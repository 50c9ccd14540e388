import type { Batch, Membership, Page } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { classify, ofOneRow, stopping } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { isList, refusedList } from "./member-parts.ts";
import { follow } from "./read.ts";
import { writeRows } from "./rows.ts";
import { type Settled, unclear } from "./settle.ts";
import { type Learn, lesson } from "./size.ts";

/** The members' ids, by the relationship, from its other end. Fails as a read does. Source: dataverse.md section 11. */
export function readMembers(
  api: WebApi,
  object: ObjectSchema,
  { set, id, navigation }: Membership,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  return follow(api, object, `${set}(${id})/${navigation}?$select=${object.id}`, signal);
}

/**
 * Puts rows into a membership or takes them out. Additions to a marketing list go together, all or none
 * (AddListMembersList, dataverse.md section 11); everything else, and what such a call refuses, row by row in a `$batch`.
 */
export async function writeMembers(
  api: WebApi,
  object: ObjectSchema,
  batch: Batch,
  learn: Learn,
  signal: AbortSignal,
): Promise<Settled[]> {
  const into = batch.into!;
  if (batch.op === "remove" || batch.rows === 1 || !isList(into)) return writeRows(api, object, [batch], learn, signal);
  const doing = `add ${object.name} records to a marketing list`;
  const list = { "@odata.type": "Microsoft.Dynamics.CRM.list", listid: into.id };
  const opening = Buffer.from(`{"List":${JSON.stringify(list)},"Members":[`);
  const body = Buffer.concat([opening, batch.elements, Buffer.from("]}")]);
  const path = `AddListMembersList${api.asked.query}`;
  const answer = await api.write({ method: "POST", path, headers: api.asked.headers, body, doing }, signal);
  const lost = "lost" in answer;
  if (lost || answer.status < 300) learn(batch.rows, lesson(answer));
  if (lost) return [{ part: batch, result: { status: "unknown", message: answer.lost } }];
  if (answer.status < 300)
    return [{ part: batch, result: answer.status === 204 ? { status: "updated" } : unclear(answer.status) }];
  const fault = classify(answer);
  const ofList = refusedList(into, fault);
  if (ofList) return [{ part: batch, result: ofList }];
  if (fault.kind === "tooLarge") learn(batch.rows, Number.POSITIVE_INFINITY);
  if (ofOneRow(fault)) return writeRows(api, object, [batch], () => {}, signal);
  if (fault.kind === "down")
    return [{ part: batch, result: { status: "unknown", message: `${fault.code}: ${fault.message}` } }];
  throw stopping(fault, doing);
}
