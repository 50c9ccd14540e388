import type { Call, Reply } from "../../http/exchange.ts";
import { header } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import type { Column, Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { requireWritable, updateRow } from "../records/write.ts";
import { type ApiRequest, headerOf, jsonBody, noContent, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import { download } from "./download.ts";
import { fileErrors } from "./errors.ts";
import { checkSize } from "./image.ts";
import { mimeOf } from "./mime.ts";
import { contentRange } from "./ranges.ts";
import { addBlock, BLOCK_BYTES, beginUpload, destination, endUpload, uploadOf } from "./uploads.ts";
import { emptyContent, storeContent } from "./write.ts";

const FILE = "file-column-data.md";
const IMAGE = "image-column-data.md";
const NOTE = "attachment-annotation-files.md";

export const FILE_OPERATIONS: Operation[] = [
  {
    name: "PATCH file",
    does: "uploads a file or image in one request, named by x-ms-file-name; PUT likewise",
    source: FILE,
  },
  {
    name: "x-ms-transfer-mode",
    does: "`chunked` begins an upload in ranges: 206 for each part, 204 for the last",
    source: FILE,
  },
  { name: "x-ms-file-name", does: "the file's name, as header or, beyond ASCII, in the query string", source: FILE },
  {
    name: "GET file/$value",
    does: "the bytes of a file or image, with its name, size and type in headers",
    source: FILE,
  },
  { name: "GET file", does: "the same bytes in base64, as JSON", source: "dynamics-web-api" },
  { name: "Range", does: "a part of a file: 206 with Content-Range; 416 beyond its end", source: FILE },
  { name: "size=full", does: "the full-sized image where the column keeps it, else 204", source: IMAGE },
  { name: "DELETE file", does: "empties a file or image column", source: FILE },
  {
    name: "Image in JSON",
    does: "base64 within the row: written on create (primary image) and update, read when selected",
    source: IMAGE,
  },
  { name: "Image companions", does: "`<name>id`, `<name>_timestamp`, `<name>_url`", source: IMAGE },
  {
    name: "/Image/download.aspx",
    does: "the image that `<name>_url` tells, with `&Full=true` in full size",
    source: IMAGE,
  },
  { name: "documentbody", does: "the file of a note in base64; filesize and isdocument follow", source: NOTE },
  {
    name: "maxuploadfilesize",
    does: "of the organization: the most base64 a note's file has (0x80044a02)",
    source: NOTE,
  },
  {
    name: "blockedattachments",
    does: "of the organization: extensions that are refused (0x80043e09)",
    source: "file-attributes.md",
  },
  {
    name: "blockedmimetypes",
    does: "of the organization: types that are refused (0x80072522)",
    source: "file-attributes.md",
  },
  {
    name: "allowedmimetypes",
    does: "of the organization: the only types that are taken (0x80072521)",
    source: "file-attributes.md",
  },
  { name: "attributeimageconfigs", does: "the image columns, and which keep full-sized images", source: IMAGE },
  { name: "entityimageconfigs", does: "the primary image column of each table", source: IMAGE },
  { name: "fileattachments", does: "a row for each file, by `<table>_FileAttachments`", source: FILE },
  {
    name: "MaxSizeInKB",
    does: "0x80044a02 for a larger file, 0x80072553 for a larger image",
    source: `${FILE}; ${IMAGE}`,
  },
];

/** Whether a call may carry a file: its body need not be JSON then, which only the column's kind decides. */
export function mayCarryFile({ method, path }: Call): boolean {
  return (method === "PATCH" || method === "PUT") && /\)\/[A-Za-z_]\w*$/.test(path);
}

/** Whether the body is announced as JSON. */
export function isJson(call: Call): boolean {
  return /^\s*(application|text)\/json\b/i.test(header(call, "content-type") ?? "");
}

/** A file or image column of one row: `GET`, `PATCH`, `PUT`, `DELETE` (file-column-data.md, image-column-data.md). */
export function contentRoute(request: ApiRequest, table: Table, row: Row, column: Column): Reply {
  switch (request.call.method) {
    case "GET":
      return download(request, table, row, column, false);
    case "PATCH":
    case "PUT":
      return put(request, table, row, column);
    case "DELETE":
      transact(request, (tx) => emptyContent(tx, table, row, column));
      return noContent(1);
    default:
      throw errors.wrongVerb(request.call.method);
  }
}

function put(request: ApiRequest, table: Table, row: Row, column: Column): Reply {
  const query = new Map(pairs(request.call.query));
  const session = query.get("sessiontoken");
  if (session !== undefined) return takePart(request, table, row, column, session);
  const mode = headerOf(request, "x-ms-transfer-mode");
  if (mode !== undefined && mode.toLowerCase() !== "chunked") throw fileErrors.badHeader("x-ms-transfer-mode", mode);
  const type = headerOf(request, "content-type");
  if (mode === undefined && (isJson(request.call) || (type === undefined && request.call.method === "PUT"))) {
    return putValue(request, table, row, column);
  }
  const name = headerOf(request, "x-ms-file-name") ?? query.get("x-ms-file-name") ?? "";
  checkName(table, column, name);
  const mime = mimeOf(mode === undefined ? type : undefined, name);
  if (mode !== undefined) return begin(request, table, row, column, { name, mime });
  transact(request, (tx) => storeContent(tx, table, row, column, { bytes: request.call.body, name, mime }));
  return noContent(1);
}

/** `{"value": ...}`: an image in base64, or null to empty the column. */
function putValue(request: ApiRequest, table: Table, row: Row, column: Column): Reply {
  const body = jsonBody(request, table.set);
  if (!("value" in body)) throw errors.badJson(table.set, "The property 'value' was not found.");
  if (column.kind === "file") throw fileErrors.fileByValue(column.name);
  transact(request, (tx) => updateRow(tx, table, row, { [column.name]: body.value }));
  return noContent(1);
}

/** A name is needed, and kept in a column of limited length. */
export function checkName(table: Table, column: Column, name: string): void {
  if (name === "") throw fileErrors.badHeader("x-ms-file-name", "");
  const names = table.columns.get(`${column.name}_name`);
  if (names?.max !== undefined && name.length > names.max) throw errors.tooLong(table.name, names.name, names.max);
}

function begin(
  request: ApiRequest,
  table: Table,
  row: Row,
  column: Column,
  facts: { name: string; mime: string },
): Reply {
  requireWritable(request.actor, table, "Update");
  requirePrivilege(request, table, "Write");
  const token = beginUpload(request.environment, { ...destination(table, row, column), ...facts, by: "ranges" });
  const headers = {
    "OData-Version": "4.0",
    "Accept-Ranges": "bytes",
    Location: `${request.base}/${table.set}(${idOf(row)})/${column.name}?sessiontoken=${token}`,
    "x-ms-chunk-size": String(BLOCK_BYTES),
    "Access-Control-Expose-Headers": "x-ms-chunk-size",
  };
  return { status: 200, headers };
}

/** One part of the file; the one that completes it stores it. Parts may come in any order. */
function takePart(request: ApiRequest, table: Table, row: Row, column: Column, token: string): Reply {
  const upload = uploadOf(request.environment, token, "ranges");
  const { place } = upload;
  if (place.table !== table.name || place.row !== idOf(row) || place.column !== column.name)
    throw fileErrors.badToken();
  const { body } = request.call;
  const { start, size } = contentRange(headerOf(request, "content-range"), body.length);
  if (upload.size !== undefined && upload.size !== size) throw fileErrors.badRange("the size of the file has changed");
  checkSize(column, size);
  addBlock(request.environment, upload, String(start), body);
  upload.size = size;
  if (upload.received < size) return { status: 206, headers: { "OData-Version": "4.0" } };
  const parts = [...upload.blocks].map(([at, bytes]) => ({ at: Number(at), bytes })).sort((a, b) => a.at - b.at);
  let end = 0;
  for (const { at, bytes } of parts) {
    if (at !== end) throw fileErrors.badRange(`the parts overlap or leave out the bytes from ${Math.min(at, end)}`);
    end += bytes.length;
  }
  const bytes = Buffer.concat(parts.map((each) => each.bytes));
  transact(request, (tx) => {
    endUpload(tx, token);
    storeContent(tx, table, row, column, { bytes, name: upload.name, mime: upload.mime });
  });
  return noContent(1);
}
