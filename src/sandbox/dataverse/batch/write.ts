import { STATUS_CODES } from "node:http";
import { bytesOf, type Reply } from "../../http/exchange.ts";
import { namedGuid } from "../guids.ts";

/** An answered request of a batch; `contentId` only within a change set. */
export type AnsweredOperation = { contentId: string | undefined; reply: Reply };
export type AnsweredItem =
  | { kind: "operation"; answered: AnsweredOperation }
  | { kind: "set"; answers: AnsweredOperation[] };

const CRLF = "\r\n";
let written = 0;

/**
 * The answers as `multipart/mixed`, change sets nested within, in the order of the requests.
 * Source: dataverse.md section 8; execute-batch-operations-using-web-api.md, "Batch responses".
 */
export function writeBatch(status: number, items: AnsweredItem[]): Reply {
  const boundary = newBoundary("batchresponse");
  const pieces: (string | Buffer)[] = [];
  for (const item of items) {
    pieces.push(`--${boundary}${CRLF}`);
    if (item.kind === "operation") writeOperation(pieces, item.answered);
    else {
      const inner = newBoundary("changesetresponse");
      pieces.push(`Content-Type: multipart/mixed; boundary=${inner}${CRLF}${CRLF}`);
      for (const answered of item.answers) {
        pieces.push(`--${inner}${CRLF}`);
        writeOperation(pieces, answered);
      }
      pieces.push(`--${inner}--${CRLF}`);
    }
  }
  pieces.push(`--${boundary}--${CRLF}`);
  return {
    status,
    headers: { "Content-Type": `multipart/mixed; boundary=${boundary}`, "OData-Version": "4.0" },
    body: Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece))),
  };
}

function writeOperation(pieces: (string | Buffer)[], { contentId, reply }: AnsweredOperation): void {
  const head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"];
  if (contentId !== undefined) head.push(`Content-ID: ${contentId}`);
  head.push("", `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}`);
  if (reply.status >= 400) head.push(`REQ_ID: ${namedGuid(`batch part ${++written}`)}`);
  for (const [name, value] of Object.entries(headersOf(reply))) head.push(`${name}: ${value}`);
  pieces.push(`${head.join(CRLF)}${CRLF}${CRLF}`, bytesOf(reply.body), CRLF);
}

/** A created or updated row's address stands in `Location` as well; bodies are announced as streamed. */
function headersOf(reply: Reply): Record<string, string> {
  const { "OData-EntityId": entity, "Content-Type": type, ...others } = reply.headers;
  const json = type?.startsWith("application/json");
  const described = json
    ? `application/json; odata.metadata=minimal${reply.status < 400 ? "; odata.streaming=true" : ""}`
    : type;
  return {
    ...(described === undefined ? {} : { "Content-Type": described }),
    ...others,
    ...(entity === undefined ? {} : { Location: entity, "OData-EntityId": entity }),
  };
}

function newBoundary(kind: string): string {
  return `${kind}_${namedGuid(`${kind} ${++written}`)}`;
}
