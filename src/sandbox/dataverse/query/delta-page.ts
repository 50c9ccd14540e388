import { pageBytes } from "../wire/page-buffer.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";
import { readCookie, writeCookie } from "./cookie.ts";
import { checkTrackedOptions, readChanges } from "./delta.ts";
import { deltaLink, type ListRequest, selectText } from "./list.ts";
import { PAGE_SIZE } from "./options.ts";

/** The JSON of one page of changes: current rows, then tombstones, then a link on (dataverse.md section 10). */
export function deltaPage(request: ListRequest): Buffer {
  const { environment, table, options, prefer, base } = request;
  checkTrackedOptions(environment, table, options);
  const token = options.deltatoken!;
  const cookie = options.skiptoken === undefined ? undefined : readCookie(options.skiptoken);
  const changes = readChanges(environment, table, token, cookie, prefer.maxPageSize ?? PAGE_SIZE);
  const write = rowWriter(environment, table, selectedColumns(table, options.select), prefer);
  const tombstone = JSON.stringify(`${base}/$metadata#${table.set}/$deletedEntity`);
  const items = changes.rows.map((row) => write(row));
  for (const id of changes.deleted) items.push(`{"@odata.context":${tombstone},"id":"${id}","reason":"deleted"}`);
  const context = `${base}/$metadata#${table.set}${selectText(options.select)}/$delta`;
  const select = options.select === undefined ? "" : `$select=${options.select.join(",")}&`;
  const link = changes.more
    ? `"@odata.nextLink":${JSON.stringify(`${base}/${table.set}?${select}$deltatoken=${encodeURIComponent(token)}&$skiptoken=${writeCookie(changes.more)}`)}`
    : `"@odata.deltaLink":${JSON.stringify(deltaLink(request, changes.version))}`;
  return pageBytes(`{"@odata.context":${JSON.stringify(context)},"value":[`, items, `],${link}}`);
}
