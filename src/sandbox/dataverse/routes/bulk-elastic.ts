import { errors, ODataError } from "../errors.ts";
import type { Table } from "../model.ts";
import { draftOf } from "../records/draft.ts";
import type { Transaction } from "../records/transaction.ts";
import { type ApiRequest, transact } from "../request.ts";
import { idOf, type Row } from "../row.ts";

export type Target = Record<string, unknown>;
/** Writes one item of a bulk message. `status` is what the service would answer the same as a request of its own. */
type Write = (tx: Transaction, target: Target, index: number) => { row: Row; status: number };
/** How one item went, under the names the service gives it. */
type Detail = { RequestIndex: number; Id: string; StatusCode: number };

/** The code of whatever the OData reader refuses (dataverse.md section 14). */
const READER = "0x80048d19";
const NO_ID = "00000000-0000-0000-0000-000000000000";

/**
 * Writes the items of a bulk message to an elastic table each for itself: one that fails does not keep the others from
 * being written (bulk-operations.md, "On Error behavior with elastic tables"). Then the first error answers the request,
 * and tells of every item where the client asks for annotations. What the OData reader refuses fails the request before
 * anything is written.
 */
export function writeEach(request: ApiRequest, table: Table, targets: Target[], write: Write): Row[] {
  for (const target of targets) readable(request, table, target);
  const rows: Row[] = [];
  const details: Detail[] = [];
  let failure: ODataError | undefined;
  transact(request, (tx) => {
    for (const [RequestIndex, target] of targets.entries()) {
      try {
        const { row, status } = write(tx, target, RequestIndex);
        rows.push(row);
        details.push({ RequestIndex, Id: idOf(row), StatusCode: status });
      } catch (error) {
        if (!(error instanceof ODataError)) throw error;
        failure ??= error;
        const id = target[table.idColumn];
        details.push({ RequestIndex, Id: typeof id === "string" ? id : NO_ID, StatusCode: error.status });
      }
    }
  });
  if (failure) throw errors.bulkPartly(failure, JSON.stringify(details));
  return rows;
}

/** Throws what the reader of the body would; what only the write itself finds out is left to it. */
function readable({ environment }: ApiRequest, table: Table, target: Target): void {
  try {
    draftOf(environment, table, target, "create");
  } catch (error) {
    if (!(error instanceof ODataError) || error.code === READER) throw error;
  }
}
