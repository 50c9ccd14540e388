import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { GUID } from "../guids.ts";
import { read } from "../model.ts";
import { requirePrivilege } from "../records/privileges.ts";
import { upsertRow } from "../records/write.ts";
import { type ApiRequest, complexReply, transact } from "../request.ts";
import { objectParameter, parametersOf, rowParameter, typeParameter } from "../routes/action.ts";
import { idOf } from "../row.ts";
import { fileErrors } from "./errors.ts";
import { mostInNote } from "./notes.ts";
import { beginUpload, endUpload, joined, uploadOf } from "./uploads.ts";

const SOURCE = "attachment-annotation-files.md";

export type Message = Omit<Operation, "name"> & { handle: (request: ApiRequest) => Reply };

/** Files of notes in blocks; `UploadBlock` and `DownloadBlock` are those of file columns. */
export const NOTE_MESSAGES: Record<string, Message> = {
  InitializeAnnotationBlocksUpload: {
    does: "begins an upload into a note, new or known, of the annotationid in Target",
    source: SOURCE,
    handle(request) {
      const { Target } = parametersOf(request, "InitializeAnnotationBlocksUpload", ["Target"]);
      const { id } = noteParameter(request, Target);
      const place = { table: "annotation", row: id, column: "documentbody" };
      const most = Math.floor(mostInNote(request.environment) / 4) * 3;
      const facts = { place, name: "", mime: "", by: "note", image: false, most } as const;
      const token = beginUpload(request.environment, facts);
      return complexReply(request, "InitializeAnnotationBlocksUploadResponse", { FileContinuationToken: token });
    },
  },
  CommitAnnotationBlocksUpload: {
    does: "creates or updates the note, with the blocks as its documentbody",
    source: SOURCE,
    handle(request) {
      const names = ["Target", "BlockList", "FileContinuationToken"];
      const parameters = parametersOf(request, "CommitAnnotationBlocksUpload", names);
      const token = String(parameters.FileContinuationToken);
      const upload = uploadOf(request.environment, token, "note");
      const { id, body } = noteParameter(request, parameters.Target);
      if (id !== upload.place.row) throw fileErrors.badToken();
      const bytes = joined(upload, parameters.BlockList);
      const notes = request.environment.tables.get("annotation")!;
      transact(request, (tx) => {
        endUpload(tx, token);
        upsertRow(tx, notes, notes.byId.get(id), { ...body, documentbody: bytes.toString("base64") }, { id });
      });
      const result = { AnnotationId: id, FileSizeInBytes: bytes.length };
      return complexReply(request, "CommitAnnotationBlocksUploadResponse", result, 1);
    },
  },
  InitializeAnnotationBlocksDownload: {
    does: "name, size and token of a note's file",
    source: SOURCE,
    handle(request) {
      const { Target } = parametersOf(request, "InitializeAnnotationBlocksDownload", ["Target"]);
      const notes = request.environment.tables.get("annotation")!;
      const { row } = rowParameter(request, "Target", Target, notes);
      const bytes = noteBytes(request, idOf(row));
      if (!bytes) throw fileErrors.noAttachment("annotation", idOf(row), "documentbody", undefined);
      return complexReply(request, "InitializeAnnotationBlocksDownloadResponse", {
        FileContinuationToken: Buffer.from(`note ${idOf(row)}`).toString("base64url"),
        FileSizeInBytes: bytes.length,
        FileName: read(row, notes.columns.get("filename")!),
      });
    },
  },
};

/** The file of a note; undefined where there is none. */
export function noteBytes(request: ApiRequest, id: string): Buffer | undefined {
  const notes = request.environment.tables.get("annotation")!;
  requirePrivilege(request, notes, "Read");
  const row = notes.byId.get(id);
  const text = row && read(row, notes.columns.get("documentbody")!);
  return typeof text === "string" ? Buffer.from(text, "base64") : undefined;
}

/** A note as a parameter: it must have an id, which a new one gets from the client. */
function noteParameter(request: ApiRequest, value: unknown): { id: string; body: Record<string, unknown> } {
  const body = objectParameter("Target", value);
  const { annotationid: id, "@odata.type": _, ...rest } = body;
  if (typeParameter(request, "Target", body).name !== "annotation") {
    throw errors.badParameter("Target", "it must be an annotation");
  }
  if (typeof id !== "string" || !GUID.test(id)) throw errors.badParameter("Target", "it needs an annotationid");
  return { id: id.toLowerCase(), body: rest };
}
