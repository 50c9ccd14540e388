import { type Environment, newId } from "../environment.ts";
import { errors } from "../errors.ts";
import type { Column, Table } from "../model.ts";
import type { Transaction } from "../records/transaction.ts";
import { idOf, type Row } from "../row.ts";
import type { Upload } from "./content.ts";
import { makeRoom } from "./content-store.ts";
import { fileErrors } from "./errors.ts";
import { checkMost, mostBytes } from "./image.ts";

/** What the service recommends, and the most a block of a message may have (file-column-data.md). */
export const BLOCK_BYTES = 4 * 1024 * 1024;
/** A block of one byte is a block too: more of them are not kept. */
const MOST_BLOCKS = 50_000;

/** Opens an upload; its token comes back. */
export function beginUpload(
  environment: Environment,
  facts: Pick<Upload, "place" | "name" | "mime" | "by" | "image" | "most">,
): string {
  const token = Buffer.from(`upload ${newId(environment)}`).toString("base64url");
  environment.files.uploads.set(token, { ...facts, size: undefined, blocks: new Map(), received: 0 });
  makeRoom(environment, 0);
  return token;
}

/** What an upload to a file or image column of a row needs to know of it. */
export function destination(table: Table, row: Row, column: Column): Pick<Upload, "place" | "image" | "most"> {
  const place = { table: table.name, row: idOf(row), column: column.name };
  return { place, image: column.kind === "image", most: mostBytes(column) };
}

/** The upload of a token. Throws 400 where there is none of these kinds, or none any more. */
export function uploadOf(environment: Environment, token: unknown, ...kinds: Upload["by"][]): Upload {
  const upload = environment.files.uploads.get(String(token));
  if (upload && kinds.includes(upload.by)) return upload;
  throw fileErrors.badToken();
}

/** Takes one block; the same one again replaces it. Throws where the file becomes too large. */
export function addBlock(environment: Environment, upload: Upload, id: string, bytes: Buffer): void {
  const more = bytes.length - (upload.blocks.get(id)?.length ?? 0);
  checkMost(upload.most, upload.image, upload.received + more);
  if (upload.blocks.size >= MOST_BLOCKS && !upload.blocks.has(id))
    throw fileErrors.badBlock("there are too many blocks");
  makeRoom(environment, more, upload);
  upload.blocks.set(id, bytes);
  upload.received += more;
  environment.files.bytes += more;
}

/** The blocks of a list in its order, as one. Throws where one is missing, or named twice. */
export function joined({ blocks }: Upload, list: unknown): Buffer {
  if (!Array.isArray(list)) throw errors.wrongType("", list, "Collection(Edm.String)");
  if (new Set(list).size < list.length) throw fileErrors.badBlock("BlockList names a block twice");
  return Buffer.concat(
    (list as unknown[]).map((id) => {
      const bytes = blocks.get(String(id));
      if (!bytes) throw fileErrors.badBlock(`there is no block '${String(id).slice(0, 100)}'`);
      return bytes;
    }),
  );
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
