import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import type { Table } from "../model.ts";
import { expansion, shownColumns } from "../query/expand.ts";
import { contextText } from "../query/list.ts";
import type { QueryOptions } from "../query/options.ts";
import { type ApiRequest, applied, odata } from "../request.ts";
import { etagOf, type Row } from "../row.ts";
import { rowWriter, selectedColumns } from "../wire/row-writer.ts";
import { shownBesides } from "./partition.ts";

/** One row as an answer, with its ETag and a context that names what is selected and expanded (dataverse.md section 4). */
export function representation(
  request: ApiRequest,
  table: Table,
  row: Row,
  { select, expand }: Pick<QueryOptions, "select" | "expand">,
  status: number,
): Reply {
  const expanded = expansion(request, table, expand, request.prefer, request.base, true);
  const columns = [...new Set([...shownColumns(table, select, expanded), ...shownBesides(table)])];
  const context = `${request.base}/$metadata#${table.set}${contextText(select, expanded?.context)}/$entity`;
  const write = rowWriter(request.environment, table, columns, request.prefer);
  return odata(status, write(row, context, expanded?.prepare([row])(row)), {
    ETag: etagOf(row),
    ...applied(request, { representation: request.prefer.representation && request.call.method !== "GET" }),
  });
}

/** Throws for query options that are wrong, or make sense for lists only, before anything is written and not after it. */
export function checkRepresentation(request: ApiRequest, table: Table, options: QueryOptions): void {
  const { select, expand, filter, orderby, top, count, apply, skiptoken, deltatoken } = options;
  const ofLists = [filter, orderby, top, apply, skiptoken, deltatoken];
  if (count || ofLists.some((each) => each !== undefined)) throw errors.notACollection();
  if (select !== undefined) selectedColumns(table, select);
  if (expand !== undefined) expansion(request, table, expand, request.prefer, request.base, true);
}
