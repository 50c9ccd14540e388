import type { Reply } from "../../http/exchange.ts";
import type { Column, Table } from "../model.ts";
import { pairs } from "../query/options.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { type ApiRequest, headerOf, noContent } from "../request.ts";
import { idOf, type Row } from "../row.ts";
import type { Content } from "./content.ts";
import { contentOf } from "./content-store.ts";
import { fileErrors } from "./errors.ts";
import { requestedRange } from "./ranges.ts";
import { BLOCK_BYTES } from "./uploads.ts";

/** The longest content that is sent as text: base64 of more would not fit into one string. */
const MOST_IN_TEXT = 128 * 1024 * 1024;

/**
 * `GET .../{column}/$value` answers the bytes, `GET .../{column}` JSON with them in base64; with `Range` a part of them.
 * An image comes as thumbnail unless `?size=full` asks for all of it. 204 where there is nothing.
 * Source: file-column-data.md, "Download a file"; image-column-data.md, "Download images"; of the JSON, dynamics-web-api.
 */
export function download(request: ApiRequest, table: Table, row: Row, column: Column, raw: boolean): Reply {
  requirePrivilege(request, table, "Read");
  const found = contentOf(request.environment, table, row, column);
  const wantsFull = pairs(request.call.query).some(([name, value]) => name === "size" && value === "full");
  if (!found || (wantsFull && !found.content.full)) return noContent(0);
  const { bytes } = found.content;
  const range = bytes.length === 0 ? undefined : requestedRange(headerOf(request, "range"), bytes.length);
  const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
  const address = `${request.base}/${table.set}(${idOf(row)})/${column.name}`;
  const headers = {
    "OData-Version": "4.0",
    "Content-Type": raw ? "application/octet-stream" : "application/json; odata.metadata=minimal",
    ...fileHeaders(found.content, range !== undefined),
    ...(range && {
      "Content-Range": `bytes ${range.start}-${range.end}/${bytes.length}`,
      "x-ms-chunk-size": String(BLOCK_BYTES),
      Location: `${address}${raw ? "/$value" : ""}${wantsFull ? "?size=full" : ""}`,
    }),
  };
  const status = range ? 206 : 200;
  if (raw) return { status, headers, body: part };
  if (part.length > MOST_IN_TEXT)
    throw fileErrors.badRange("the file is too large for one answer: ask for a Range of it");
  const context = `${request.base}/$metadata#${table.set}(${idOf(row)})/${column.name}`;
  return { status, headers, body: JSON.stringify({ "@odata.context": context, value: part.toString("base64") }) };
}

function fileHeaders({ bytes, name, mime }: Content, partial: boolean): Record<string, string> {
  // A header holds ASCII only.
  const shown = /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name);
  const exposed = ["x-ms-file-size", "x-ms-file-name", ...(partial ? ["x-ms-chunk-size"] : []), "mimetype"];
  return {
    "Accept-Ranges": "bytes",
    "Content-Disposition": `attachment; filename="${shown.replace(/["\\]/g, "_")}"`,
    "x-ms-file-size": String(bytes.length),
    "x-ms-file-name": shown,
    mimetype: mime,
    "Access-Control-Expose-Headers": exposed.join("; "),
  };
}
