import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { type Column, read, type Table } from "../model.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { requireWritable } from "../records/write.ts";
import { type ApiRequest, complexReply, noContent, transact } from "../request.ts";
import { parametersOf, rowParameter, textParameter } from "../routes/action.ts";
import { idOf, type Row } from "../row.ts";
import type { Place } from "./content.ts";
import { contentIdColumn, contentOf, isContent } from "./content-store.ts";
import { fileErrors } from "./errors.ts";
import { fromBase64 } from "./image.ts";
import { type Message, NOTE_MESSAGES, noteBytes } from "./note-messages.ts";
import { checkName } from "./route.ts";
import { addBlock, BLOCK_BYTES, beginUpload, destination, endUpload, joined, uploadOf } from "./uploads.ts";
import { emptyContent, storeContent } from "./write.ts";

const SOURCE = "file-column-data.md";
const LONGEST_BLOCK_ID = 64;
/** The most of a file that is sent in one answer. */
const MOST_AT_ONCE = 128 * 1024 * 1024;

export const FILE_MESSAGES: Record<string, Message> = {
  InitializeFileBlocksUpload: {
    does: "begins an upload to a file or image column in blocks",
    source: SOURCE,
    handle(request) {
      const body = parametersOf(request, "InitializeFileBlocksUpload", ["Target", "FileName", "FileAttributeName"]);
      const { table, row } = rowParameter(request, "Target", body.Target);
      const column = contentColumn(table, body.FileAttributeName);
      requireWritable(request.actor, table, "Update");
      requirePrivilege(request, table, "Write");
      const name = textParameter(body.FileName);
      checkName(table, column, name);
      const token = beginUpload(request.environment, {
        ...destination(table, row, column),
        name,
        mime: "",
        by: "blocks",
      });
      return complexReply(request, "InitializeFileBlocksUploadResponse", { FileContinuationToken: token });
    },
  },
  UploadBlock: {
    does: "one block of at most 4 MB, in base64",
    source: SOURCE,
    handle(request) {
      const body = parametersOf(request, "UploadBlock", ["BlockId", "BlockData", "FileContinuationToken"]);
      const upload = uploadOf(request.environment, body.FileContinuationToken, "blocks", "note");
      const id = textParameter(body.BlockId);
      checkBlockId(id, upload.blocks.keys().next().value);
      const bytes = fromBase64(textParameter(body.BlockData, "Edm.Binary"));
      if (!bytes) throw errors.wrongType("", body.BlockData, "Edm.Binary");
      if (bytes.length > BLOCK_BYTES) throw fileErrors.badBlock(`BlockData is larger than ${BLOCK_BYTES} bytes`);
      addBlock(request.environment, upload, id, bytes);
      return noContent(0);
    },
  },
  CommitFileBlocksUpload: {
    does: "joins the blocks in the order of BlockList, and stores the file",
    source: SOURCE,
    handle(request) {
      const names = ["FileName", "MimeType", "BlockList", "FileContinuationToken"];
      const body = parametersOf(request, "CommitFileBlocksUpload", names);
      const token = String(body.FileContinuationToken);
      const upload = uploadOf(request.environment, token, "blocks");
      const { table, row, column } = placed(request, upload.place);
      const name = textParameter(body.FileName);
      checkName(table, column, name);
      const mime = textParameter(body.MimeType);
      if (!/^[\x21-\x7e]+$/.test(mime)) throw errors.badParameter("MimeType", "it is no MIME type");
      const bytes = joined(upload, body.BlockList);
      const id = transact(request, (tx) => {
        endUpload(tx, token);
        return storeContent(tx, table, row, column, { bytes, name, mime });
      });
      const result = { FileId: id, FileSizeInBytes: bytes.length };
      return complexReply(request, "CommitFileBlocksUploadResponse", result, 1);
    },
  },
  InitializeFileBlocksDownload: {
    does: "name, size and token of a file, or of a full-sized image",
    source: `${SOURCE}; image-column-data.md`,
    handle(request) {
      const body = parametersOf(request, "InitializeFileBlocksDownload", ["Target", "FileAttributeName"]);
      const { table, row } = rowParameter(request, "Target", body.Target);
      requirePrivilege(request, table, "Read");
      const column = contentColumn(table, body.FileAttributeName);
      const found = contentOf(request.environment, table, row, column);
      if (!found?.content.full) {
        const image = column.kind === "image" ? String(read(row, contentIdColumn(table, column))) : undefined;
        throw fileErrors.noAttachment(table.name, idOf(row), column.name, image);
      }
      return complexReply(request, "InitializeFileBlocksDownloadResponse", {
        FileContinuationToken: Buffer.from(`download ${found.id}`).toString("base64url"),
        FileSizeInBytes: found.content.bytes.length,
        FileName: found.content.name,
        IsChunkingSupported: true,
      });
    },
  },
  DownloadBlock: {
    does: "a part of the file, in base64",
    source: SOURCE,
    handle(request) {
      const body = parametersOf(request, "DownloadBlock", ["Offset", "BlockLength", "FileContinuationToken"]);
      const token = Buffer.from(String(body.FileContinuationToken), "base64url").toString();
      const [, kind, id] = /^(download|note) (\S+)$/.exec(token) ?? [];
      const content = request.environment.files.contents.get(id ?? "");
      const bytes = kind === "note" ? noteBytes(request, id!) : content?.bytes;
      if (!bytes) throw fileErrors.badToken();
      if (content) requirePrivilege(request, placed(request, content.place).table, "Read");
      const offset = wholeParameter("Offset", body.Offset, 0, bytes.length);
      const length = wholeParameter("BlockLength", body.BlockLength, 1, Number.MAX_SAFE_INTEGER);
      const part = bytes.subarray(offset, offset + Math.min(length, MOST_AT_ONCE));
      return complexReply(request, "DownloadBlockResponse", { Data: part.toString("base64") });
    },
  },
  ...NOTE_MESSAGES,
  DeleteFile: {
    does: "empties the column that holds the file of this id",
    source: SOURCE,
    handle(request) {
      const { FileId } = parametersOf(request, "DeleteFile", ["FileId"]);
      if (typeof FileId !== "string" || !GUID.test(FileId)) throw errors.wrongType("", FileId, "Edm.Guid");
      const content = request.environment.files.contents.get(FileId.toLowerCase());
      if (!content) throw errors.missing("fileattachment", FileId.toLowerCase());
      const { table, row, column } = placed(request, content.place);
      transact(request, (tx) => emptyContent(tx, table, row, column));
      return noContent(1);
    },
  },
};

export const FILE_MESSAGE_OPERATIONS: Operation[] = Object.entries(FILE_MESSAGES).map(([name, { does, source }]) => ({
  name,
  does,
  source,
}));

/** The cell an upload goes to, or a file is in. Throws 404 where its row is gone meanwhile. */
function placed({ environment }: ApiRequest, place: Place): { table: Table; row: Row; column: Column } {
  const table = environment.tables.get(place.table);
  const row = table?.byId.get(place.row);
  if (!table || !row) throw errors.missing(place.table, place.row);
  return { table, row, column: contentColumn(table, place.column) };
}

function contentColumn(table: Table, name: unknown): Column {
  const column = table.columns.get(textParameter(name));
  if (column && isContent(column)) return column;
  throw errors.badParameter("FileAttributeName", `'${String(name)}' is no file or image column of ${table.name}`);
}

function wholeParameter(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw errors.wrongType("", value, "Edm.Int64");
  if (value < least || value > most) throw errors.badParameter(name, `it must be between ${least} and ${most}`);
  return value;
}

/** Base64 of at most 64 bytes, of the same length for all blocks of a file. */
function checkBlockId(id: string, other: string | undefined): void {
  const bytes = fromBase64(id);
  if (!bytes || bytes.length === 0 || bytes.length > LONGEST_BLOCK_ID) {
    throw fileErrors.badBlock(`BlockId must be base64 of 1 to ${LONGEST_BLOCK_ID} bytes`);
  }
  if (other !== undefined && other.length !== id.length)
    throw fileErrors.badBlock("all BlockIds must be of one length");
}
