import { STATUS_CODES } from "node:http";
import { bytesOf, type Reply } from "../../http/exchange.ts";
import { namedGuid } from "../guids.ts";

/** An answered request of a batch; `contentId` only within a change set. */
export type AnsweredOperation = { contentId: string | undefined; reply: Reply };
export type AnsweredItem =
  | { kind: "operation"; answered: AnsweredOperation }
  | { kind: "set"; answers: AnsweredOperation[] };

const CRLF = "\r\n";

/**
 * The answers as `multipart/mixed`, change sets nested within, in the order of the requests.
 * Source: dataverse.md section 8; execute-batch-operations-using-web-api.md, "Batch responses". `call` numbers
 * the batch: boundaries and request ids come from it.
 */
export function writeBatch(call: number, status: number, items: AnsweredItem[]): Reply {
  let written = 0;
  const nextId = () => namedGuid(`batch ${call} ${++written}`);
  const boundary = `batchresponse_${nextId()}`;
  const pieces: (string | Buffer)[] = [];
  for (const item of items) {
    pieces.push(`--${boundary}${CRLF}`);
    if (item.kind === "operation") writeOperation(pieces, item.answered, nextId);
    else {
      const inner = `changesetresponse_${nextId()}`;
      pieces.push(`Content-Type: multipart/mixed; boundary=${inner}${CRLF}${CRLF}`);
      for (const answered of item.answers) {
        pieces.push(`--${inner}${CRLF}`);
        writeOperation(pieces, answered, nextId);
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

function writeOperation(
  pieces: (string | Buffer)[],
  { contentId, reply }: AnsweredOperation,
  nextId: () => string,
): void {
  const head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"];
  if (contentId !== undefined) head.push(`Content-ID: ${contentId}`);
  head.push("", `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}`);
  if (reply.status >= 400) head.push(`REQ_ID: ${nextId()}`);
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
