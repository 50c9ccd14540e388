import { type Batch, goneAlready, movedThere, type RowRequest } from "../../core/connector.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import type { Answer } from "./exchange.ts";
import { classify, type Fault } from "./faults.ts";
import { always, type Lost, type WebApi } from "./http.ts";
import { isDone, memberPart, refusedList } from "./member-parts.ts";
import { type Part, sendParts, type Unsent } from "./parts.ts";
import { type PartResult, refused, type Settled, stopped, success } from "./settle.ts";
import type { Learn } from "./size.ts";
import { identified } from "./wire.ts";

/** Rows in one `$batch`: each takes about 140 ms there (docs/adr), one after another. */
const MOST = 100;

/** A batch of one row, the record it is about where there is one already, and the version that this must have. */
type Row = { batch: Batch; id: string | undefined; etag: string | undefined };

/**
 * Each row as a request of its own, a hundred in one `$batch`: for deletes, for tables without bulk messages, for guarded
 * rows, and for those among which a bulk call found a bad one. An update is sent with `If-Match`, the version or `*`, so that
 * a record that is gone is not made anew; a delete of a record that is gone has its wish. Source: dataverse.md sections 4 and 8.
 */
export async function writeRows(
  api: WebApi,
  object: ObjectSchema,
  batches: readonly Batch[],
  learn: Learn,
  signal: AbortSignal,
): Promise<Settled[]> {
  const rows = (await Promise.all(batches.map((batch) => rowsOf(object, batch)))).flat();
  const settled: Settled[] = [];
  for (let at = 0; at < rows.length; at += MOST) {
    const some = rows.slice(at, at + MOST);
    try {
      signal.throwIfAborted();
      settled.push(...(await writeSome(api, object, some, learn, signal)));
    } catch (thrown) {
      return [
        ...settled,
        ...stopped(
          thrown,
          settled,
          rows.slice(at).map((row) => row.batch),
          signal,
        ),
      ];
    }
  }
  return settled;
}

async function rowsOf(object: ObjectSchema, batch: Batch): Promise<Row[]> {
  const singles = batch.rows === 1 ? [batch] : await batch.split(batch.rows);
  const keys = batch.guarded ? await batch.keys() : [];
  return singles.map((single, i) => ({
    batch: single,
    id: batch.op === "create" ? undefined : identified(object, single.elements).id,
    etag: keys[i]?.etag,
  }));
}

async function writeSome(
  api: WebApi,
  object: ObjectSchema,
  rows: Row[],
  learn: Learn,
  signal: AbortSignal,
): Promise<Settled[]> {
  const doing = `${rows[0]!.batch.op} ${object.name} records`;
  const root = await api.root(signal);
  const answers = await sendParts(
    api,
    rows.map((row) => partOf(api, root, object, row)),
    doing,
    signal,
    learn,
  );
  const faults = new Map<Row, Fault>();
  const settled: Settled[] = [];
  let unsent: Unsent | undefined;
  for (const [i, row] of rows.entries()) {
    const answer = answers[i]!;
    if ("unsent" in answer) {
      unsent ??= answer;
      continue;
    }
    const result = resultOf(row, answer);
    if ("result" in result) settled.push({ part: row.batch, result: result.result });
    else faults.set(row, result.fault);
  }
  try {
    const gone = await goneAmong(api, object, faults, signal);
    for (const [row, fault] of faults)
      settled.push({
        part: row.batch,
        result: gone.has(row) ? goneThere(object) : refused(object, row.batch, fault, doing),
      });
    if (unsent) throw unsent.unsent;
  } catch (thrown) {
    const told = new Set(settled.map(({ part }) => part));
    const rest = rows.map((row) => row.batch).filter((batch) => !told.has(batch));
    return [...settled, ...stopped(thrown, settled, rest, signal)];
  }
  return settled;
}

/** The same request as a part of no `$batch`. `origin`: of the environment. The version is asked for where nobody says it. */
export async function requestOf(
  api: WebApi,
  origin: string,
  object: ObjectSchema,
  batch: Batch,
  signal?: AbortSignal,
): Promise<RowRequest> {
  const root = await api.root(signal);
  const [row] = await rowsOf(object, batch);
  const { method, path, headers, body } = partOf(api, root, object, row!);
  return {
    method,
    url: origin + root + path,
    headers: { ...always, ...(body && { "content-type": "application/json" }), ...headers },
    ...(body && { body: Buffer.from(body).toString() }),
  };
}

function partOf({ asked: { headers, query } }: WebApi, root: string, object: ObjectSchema, row: Row): Part {
  const { batch, id, etag } = row;
  if (batch.into) {
    const part = memberPart(root, object, batch, id!);
    return { ...part, path: part.path + query, headers };
  }
  if (batch.op === "create") return { method: "POST", path: object.set + query, headers, body: batch.elements };
  const path = `${object.set}(${id})${query}`;
  if (batch.op === "delete")
    return { method: "DELETE", path, headers: { ...headers, ...(etag && { "If-Match": etag }) } };
  const { columns } = identified(object, batch.elements);
  return { method: "PATCH", path, headers: { ...headers, "If-Match": etag ?? "*" }, body: columns };
}

function resultOf({ batch, etag }: Row, answer: Answer | Lost): { result: PartResult } | { fault: Fault } {
  if ("lost" in answer) return { result: { status: "unknown", message: answer.lost } };
  if (answer.status < 300) return { result: written(batch, answer) };
  const fault = classify(answer);
  if (etag !== undefined && isStale(fault))
    return { result: { status: "rejected", code: movedThere, message: fault.message } };
  if (batch.op === "delete" && fault.kind === "missing") return { result: { status: "deleted", code: goneAlready } };
  if (batch.into) {
    const ofList = refusedList(batch.into, fault);
    if (ofList) return { result: ofList };
    if (isDone(batch, fault)) return { result: { status: "updated" } };
  }
  if (fault.kind === "down") return { result: { status: "unknown", message: `${fault.code}: ${fault.message}` } };
  return { fault };
}

/** The record has another version than `If-Match` names. The documentation also shows the answer without a code. */
const isStale = ({ status, code }: Fault): boolean => status === 412 && (code === "0x80060882" || code === "http_412");

/** The id of a created record is in the address of the answer's OData-EntityId. */
function written(batch: Batch, answer: Answer): PartResult {
  if (batch.op !== "create") return { status: success(batch) };
  const id = /\(([0-9a-f-]{36})\)$/i.exec(answer.header("odata-entityid") ?? "")?.[1];
  if (id === undefined) return { status: "unknown", message: "the answer does not name the created record" };
  return { status: "created", ids: [id.toLowerCase()] };
}

/** The same answer says that the record is missing, or that one it points at is (dataverse.md section 14): look. */
async function goneAmong(
  api: WebApi,
  object: ObjectSchema,
  faults: ReadonlyMap<Row, Fault>,
  signal: AbortSignal,
): Promise<Set<Row>> {
  const rows = [...faults].flatMap(([row, { kind }]) => (row.batch.op === "update" && kind === "missing" ? [row] : []));
  if (rows.length === 0) return new Set();
  const looks = rows.map(({ id }): Part => ({ method: "GET", path: `${object.set}(${id})?$select=${object.id}` }));
  const answers = await sendParts(api, looks, `look for ${object.name} records`, signal);
  return new Set(rows.filter((_, i) => "status" in answers[i]! && answers[i].status === 404));
}

const goneThere = (object: ObjectSchema): PartResult => ({
  status: "rejected",
  code: "gone",
  message: `the ${object.name} record was deleted in Dynamics 365`,
});
