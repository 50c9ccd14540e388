import type { Reply } from "../../http/exchange.ts";
import type { Table } from "../model.ts";
import { selectText } from "../query/list.ts";
import { type ApiRequest, applied, odata } from "../request.ts";
import { etagOf, type Row } from "../row.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";

/** One row as an answer, with its ETag and a context that names the selected columns (dataverse.md section 4). */
export function representation(
  request: ApiRequest,
  table: Table,
  row: Row,
  select: string[] | undefined,
  status: number,
): Reply {
  const columns = selectedColumns(table, select);
  const context = `${request.base}/$metadata#${table.set}${selectText(select)}/$entity`;
  const body = rowWriter(request.environment, table, columns, request.prefer)(row, context);
  return odata(status, body, {
    ETag: etagOf(row),
    ...applied(request, { representation: request.prefer.representation && request.call.method !== "GET" }),
  });
}
