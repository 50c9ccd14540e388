import { errors } from "../errors.ts";

/**
 * One part of a multipart body: its MIME headers by lower-case name, and the bytes behind them up to the next
 * delimiter, whose CRLF is included: clients let it be the empty line that ends the head of a request without a body.
 */
export type MimePart = { headers: Record<string, string>; body: Buffer };

const LONGEST_BOUNDARY = 70;
const CRLF = "\r\n";

/**
 * The boundary of a `multipart/mixed` content type. Throws the documented 400 for any other type.
 * Source: execute-batch-operations-using-web-api.md, "Batch requests"; limits of a boundary by RFC 2046.
 */
export function boundaryOf(contentType: string | undefined): string {
  if (contentType === undefined) throw errors.badBatch('The batch request must have a "Content-Type" header.');
  if (!/^\s*multipart\/mixed\s*(;|$)/i.test(contentType)) {
    throw errors.badBatch('The batch request must have "multipart/mixed" as the media type.');
  }
  const match = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2] ?? "";
  if (boundary === "" || boundary.length > LONGEST_BOUNDARY) {
    throw errors.badBatch(
      `The boundary delimiter '${boundary.slice(0, LONGEST_BOUNDARY)}' is invalid. A boundary delimiter must be non-null, be non-empty, and have a maximum of ${LONGEST_BOUNDARY} characters.`,
    );
  }
  return boundary;
}

/**
 * The parts between the delimiters. Every line end must be CRLF, the one behind the closing delimiter included; throws
 * the documented "Stream was not readable" otherwise (dataverse.md section 8).
 */
export function splitMultipart(bytes: Buffer, boundary: string): MimePart[] {
  const parts: MimePart[] = [];
  let from: number | undefined;
  for (let at = bytes.indexOf(`--${boundary}`); at >= 0; at = bytes.indexOf(`--${boundary}`, at + 2)) {
    if (at > 0 && bytes.toString("latin1", at - 2, at) !== CRLF) continue;
    const behind = at + 2 + Buffer.byteLength(boundary);
    const closing = bytes.toString("latin1", behind, behind + 2) === "--";
    const end = lineEnd(bytes, closing ? behind + 2 : behind);
    if (end === undefined) continue;
    if (from !== undefined) parts.push(parseMime(bytes.subarray(from, at)));
    if (closing) return parts;
    from = end;
  }
  throw errors.unreadableStream();
}

/** Where the next line begins, when nothing but blanks stands before it. */
function lineEnd(bytes: Buffer, at: number): number | undefined {
  let end = at;
  while (bytes[end] === 0x20 || bytes[end] === 0x09) end++;
  return bytes[end] === 0x0d && bytes[end + 1] === 0x0a ? end + 2 : undefined;
}

function parseMime(bytes: Buffer): MimePart {
  const { lines, body } = splitHead(bytes);
  return { headers: headersOf(lines), body };
}

/** Lines up to the first empty one, and what follows. Throws where a line does not end in CRLF. */
export function splitHead(bytes: Buffer): { lines: string[]; body: Buffer } {
  if (bytes.indexOf(CRLF) === 0) return { lines: [], body: bytes.subarray(2) };
  const empty = bytes.indexOf(CRLF + CRLF);
  const head = empty < 0 ? "\n" : bytes.toString("utf8", 0, empty);
  if (/(^|[^\r])\n/.test(head)) throw errors.unreadableStream();
  return { lines: head.split(CRLF), body: bytes.subarray(empty + 4) };
}

/** Headers by lower-case name; a repeated one is joined by commas. */
export function headersOf(lines: string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) throw errors.badBatch(`The header line '${line.slice(0, 200)}' of a batch part is not valid.`);
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}
