import { bytesOf, type Call, header, type Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Transaction } from "../records/transaction.ts";
import { type ApiRequest, transact } from "../request.ts";
import { type ContentIds, resolveBody, resolveUrl } from "./content-id.ts";
import { type BatchItem, type BatchOperation, parseBatch } from "./parse.ts";
import { type AnsweredItem, type AnsweredOperation, writeBatch } from "./write.ts";

const PAGE = "dataverse.md section 8; execute-batch-operations-using-web-api.md";

/** What a batch can do, for the support matrix. */
export const BATCH_OPERATIONS: Operation[] = [
  { name: "$batch", does: "up to 1000 requests in one multipart body, executed and answered in order", source: PAGE },
  { name: "Change set", does: "a nested multipart part whose requests succeed or fail as one", source: PAGE },
  {
    name: "Content-ID",
    does: "`$1` for the row an earlier request of the change set wrote: in URLs, @odata.bind and @odata.id",
    source: PAGE,
  },
  {
    name: "odata.continue-on-error",
    does: "every request is answered and the whole is 200; without it the first failure ends the batch and gives its status",
    source: PAGE,
  },
];

/**
 * Answers one request of a batch, in the transaction of its change set if it has one. Never throws: what `part` throws
 * becomes an error reply too.
 */
export type RunPart = (part: () => Call, tx: Transaction | undefined) => Reply;

/** Headers that say who asks: they hold for the whole batch unless a part has its own. */
const INHERITED = ["x-sandbox-user", "mscrmcallerid", "callerobjectid"];

/** Answers `POST $batch`. Throws the 400 of a batch that cannot be read. Source: dataverse.md section 8. */
export function batchReply(request: ApiRequest, answer: RunPart): Reply {
  if (request.call.method !== "POST") throw errors.wrongVerb(request.call.method);
  const parts: NonNullable<Reply["parts"]> = [];
  const run: RunPart = (part, tx) => {
    // A part whose address cannot be read counts as one write, like the batch itself where nothing of it can.
    let { call } = request;
    const reply = answer(() => (call = part()), tx);
    parts.push({ call, reply });
    return reply;
  };
  const items = itemsOf(request, run);
  if (!Array.isArray(items)) return items;
  const goOn = /(^|[,;\s])odata\.continue-on-error\b(?!\s*=\s*"?false)/i.test(header(request.call, "prefer") ?? "");
  const answers: AnsweredItem[] = [];
  let status = 200;
  let rows = 0;
  for (const item of items) {
    const answered: AnsweredItem =
      item.kind === "operation"
        ? { kind: "operation", answered: { contentId: undefined, reply: execute(request, item.operation, run) } }
        : { kind: "set", answers: executeSet(request, item.operations, run) };
    answers.push(answered);
    const replies =
      answered.kind === "operation" ? [answered.answered.reply] : answered.answers.map((each) => each.reply);
    for (const reply of replies) rows += reply.rows ?? 0;
    const failed = replies.find((reply) => reply.status >= 400);
    if (failed && !goOn) {
      status = failed.status;
      break;
    }
  }
  return { ...writeBatch(request.environment.calls, status, answers), rows, parts };
}

/**
 * The items of a batch, or its answer where the line ends are wrong: the one error that comes in a part of a batch
 * (web-api-client-errors.md, "Stream was not readable").
 */
function itemsOf(request: ApiRequest, run: RunPart): BatchItem[] | Reply {
  try {
    return parseBatch(header(request.call, "content-type"), request.call.body);
  } catch (error) {
    if ((error as Error).message !== errors.unreadableStream().message) throw error;
    const reply = run(() => {
      throw error;
    }, undefined);
    const answered = { contentId: undefined, reply };
    return writeBatch(request.environment.calls, 400, [{ kind: "operation", answered }]);
  }
}

class SetFailed extends Error {
  readonly answered: AnsweredOperation;
  constructor(answered: AnsweredOperation) {
    super("a request of a change set failed");
    this.answered = answered;
  }
}

/** All or nothing: a failed set is answered by the request that failed alone, under its Content-ID. */
function executeSet(request: ApiRequest, operations: BatchOperation[], run: RunPart): AnsweredOperation[] {
  const known = new Map<string, string>();
  try {
    return transact(request, (tx) =>
      operations.map((operation) => {
        const reply = execute(request, operation, run, known, tx);
        const answered = { contentId: operation.contentId, reply };
        if (reply.status >= 400) throw new SetFailed(answered);
        known.set(operation.contentId!, addressWritten(request, operation, reply, known));
        return answered;
      }),
    );
  } catch (error) {
    if (error instanceof SetFailed) return [error.answered];
    throw error;
  }
}

const NONE_KNOWN: ContentIds = new Map();

function execute(
  request: ApiRequest,
  operation: BatchOperation,
  run: RunPart,
  known: ContentIds = NONE_KNOWN,
  tx?: Transaction,
): Reply {
  return run(() => callOf(request, operation, known), tx);
}

function callOf(request: ApiRequest, operation: BatchOperation, known: ContentIds): Call {
  const { call } = request;
  const headers: Call["headers"] = {};
  for (const name of INHERITED) if (call.headers[name] !== undefined) headers[name] = call.headers[name];
  Object.assign(headers, operation.headers);
  const target = targetOf(request, resolveUrl(operation.url, known));
  const cut = target.indexOf("?");
  const path = cut < 0 ? target : target.slice(0, cut);
  if (/\/\$batch\/?$/.test(path)) throw errors.badBatch("A batch request must not contain another batch request.");
  return {
    method: operation.method,
    path,
    query: cut < 0 ? "" : target.slice(cut + 1),
    headers,
    body: resolveBody(operation.body, known),
    origin: call.origin,
  };
}

/** Path and query of an absolute URL, one from the root, or one relative to the service. */
function targetOf(request: ApiRequest, url: string): string {
  const rooted = url.replace(/^https?:\/\/[^/?#]*/i, "");
  if (rooted.startsWith("/")) return rooted;
  return `${request.base.slice(request.call.origin.length)}/${rooted}`;
}

/** The address `$1` stands for: what the answer names, else the created row's, else the request's own. */
function addressWritten(request: ApiRequest, operation: BatchOperation, reply: Reply, known: ContentIds): string {
  const named = reply.headers["OData-EntityId"];
  if (named !== undefined) return named;
  const own = resolveUrl(operation.url, known).split("?")[0]!;
  const set = own.slice(own.lastIndexOf("/") + 1);
  const table = request.environment.sets.get(set);
  if (reply.status !== 201 || !table || reply.body === undefined) return own;
  const row = JSON.parse(bytesOf(reply.body).toString()) as Record<string, unknown>;
  return `${request.base}/${set}(${String(row[table.idColumn])})`;
}
