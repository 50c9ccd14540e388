import { errors } from "../errors.ts";
import { boundaryOf, headersOf, type MimePart, splitHead, splitMultipart } from "./multipart.ts";

/** One request within a batch. `url` is as it was sent: absolute, from the root, relative, or beginning with `$1`. */
export type BatchOperation = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  contentId: string | undefined;
};

/** What a batch holds: single operations, and change sets that succeed or fail as one. */
export type BatchItem =
  | { kind: "operation"; operation: BatchOperation }
  | { kind: "set"; operations: BatchOperation[] };

const MOST_OPERATIONS = 1000;
const WRITES = ["POST", "PUT", "DELETE", "PATCH"];
const METHODS = ["GET", ...WRITES];

/**
 * Reads the body of a `$batch` request before anything of it is executed. Throws a 400 that concerns the whole batch:
 * what cannot be read, more than 1000 operations, a GET or a part without Content-ID in a change set, a batch within.
 * Source: dataverse.md section 8; execute-batch-operations-using-web-api.md.
 */
export function parseBatch(contentType: string | undefined, body: Buffer): BatchItem[] {
  const parts = splitMultipart(body, boundaryOf(contentType));
  let count = 0;
  const items = parts.map((part): BatchItem => {
    const type = part.headers["content-type"];
    const nested = type !== undefined && /^multipart\//i.test(type);
    const item: BatchItem = nested
      ? { kind: "set", operations: parseChangeSet(type, part.body) }
      : { kind: "operation", operation: parseOperation(part) };
    count += item.kind === "set" ? item.operations.length : 1;
    return item;
  });
  if (count > MOST_OPERATIONS) {
    throw errors.badBatch(
      `The current batch message contains too many parts. Only batch messages with a maximum number of '${MOST_OPERATIONS}' query operations and change sets are allowed.`,
    );
  }
  return items;
}

function parseChangeSet(contentType: string, body: Buffer): BatchOperation[] {
  const operations = splitMultipart(body, boundaryOf(contentType)).map((part) => {
    if (/^multipart\//i.test(part.headers["content-type"] ?? "")) {
      throw errors.badBatch("Nested change sets in a batch payload are not supported.");
    }
    return parseOperation(part);
  });
  const known = new Set<string>();
  for (const { method, contentId } of operations) {
    if (!WRITES.includes(method)) {
      throw errors.badBatch(
        `An invalid HTTP method '${method}' was detected for a request in a change set. Requests in change sets only support the HTTP methods 'POST', 'PUT', 'DELETE', and 'PATCH'.`,
      );
    }
    if (contentId === undefined) throw errors.missingContentId();
    if (known.has(contentId)) {
      throw errors.badBatch(
        `The content ID '${contentId}' was found more than once in the same change set. Content IDs have to be unique across all operations of a change set.`,
      );
    }
    known.add(contentId);
  }
  return operations;
}

function parseOperation(part: MimePart): BatchOperation {
  requireHeader(part, "Content-Type", "application/http");
  requireHeader(part, "Content-Transfer-Encoding", "binary");
  const { lines, body } = splitHead(part.body);
  const [requestLine = "", ...headerLines] = lines;
  // A URL may contain blanks: what stands between the first and the last one counts.
  const match = /^(\S+) (.*\S) +HTTP\/\d(?:\.\d)?$/.exec(requestLine);
  if (!match) throw errors.badBatch(`The request line '${requestLine.slice(0, 200)}' of a batch part is not valid.`);
  const [, method, url] = match as unknown as [string, string, string];
  if (!METHODS.includes(method)) {
    throw errors.badBatch(`An invalid HTTP method '${method.slice(0, 50)}' was detected for a request in a batch.`);
  }
  const contentId = part.headers["content-id"];
  return {
    method,
    url,
    headers: headersOf(headerLines),
    body: body.subarray(-2).toString("latin1") === "\r\n" ? body.subarray(0, -2) : body,
    contentId: contentId === "" ? undefined : contentId,
  };
}

function requireHeader(part: MimePart, name: string, value: string): void {
  const given = part.headers[name.toLowerCase()]?.split(";")[0]?.trim().toLowerCase();
  if (given === value) return;
  throw errors.badBatch(
    `A missing or invalid '${name}' header was found. The '${name}' header must be specified for each batch operation, and its value must be '${value}'.`,
  );
}
