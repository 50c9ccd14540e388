import { type Environment, newId } from "../environment.ts";
import type { Column, Table } from "../model.ts";
import type { Transaction } from "../records/transaction.ts";
import { idOf, type Row } from "../row.ts";
import type { Upload } from "./content.ts";
import { makeRoom } from "./contents.ts";
import { fileErrors } from "./errors.ts";
import { checkSize } from "./image.ts";

/** What the service recommends, and the most a block of a message may have (file-column-data.md). */
export const BLOCK_BYTES = 4 * 1024 * 1024;
/** A block of one byte is a block too: more of them are not kept. */
const MOST_BLOCKS = 50_000;

/** Opens an upload to a column of a row; its token comes back. */
export function beginUpload(
  environment: Environment,
  table: Table,
  row: Row,
  column: Column,
  facts: Pick<Upload, "name" | "mime" | "ranges">,
): string {
  const token = Buffer.from(`upload ${newId(environment)}`).toString("base64url");
  const place = { table: table.name, row: idOf(row), column: column.name };
  environment.files.uploads.set(token, { place, ...facts, size: undefined, blocks: new Map(), received: 0 });
  makeRoom(environment, 0);
  return token;
}

/** The upload of a token. Throws 400 where there is none of this kind, or none any more. */
export function uploadOf(environment: Environment, token: unknown, ranges: boolean): Upload {
  const upload = environment.files.uploads.get(String(token));
  if (upload?.ranges === ranges) return upload;
  throw fileErrors.badToken();
}

/** Takes one block; the same one again replaces it. Throws where the file becomes too large. */
export function addBlock(environment: Environment, upload: Upload, column: Column, id: string, bytes: Buffer): void {
  const more = bytes.length - (upload.blocks.get(id)?.length ?? 0);
  checkSize(column, upload.received + more);
  if (upload.blocks.size >= MOST_BLOCKS && !upload.blocks.has(id))
    throw fileErrors.badBlock("there are too many blocks");
  makeRoom(environment, more);
  upload.blocks.set(id, bytes);
  upload.received += more;
  environment.files.bytes += more;
}

/** Ends an upload: it is open again if the transaction is rolled back. */
export function endUpload(tx: Transaction, token: string): void {
  const { files } = tx.environment;
  const upload = files.uploads.get(token)!;
  files.uploads.delete(token);
  files.bytes -= upload.received;
  tx.undo.push(() => {
    files.uploads.set(token, upload);
    files.bytes += upload.received;
  });
}
