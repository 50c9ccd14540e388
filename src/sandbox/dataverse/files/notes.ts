import type { Environment } from "../environment.ts";
import { read, type Table } from "../model.ts";
import { type Draft, drafted, setDrafted } from "../records/draft.ts";
import type { Row } from "../row.ts";
import { checkType, fileSetting } from "./blocked.ts";
import { fileErrors } from "./errors.ts";
import { fromBase64 } from "./image.ts";

/** The most bytes of a file in a note, counted in base64 (attachment-annotation-files.md, "File size limits"). */
export function mostInNote(environment: Environment): number {
  return Number(fileSetting(environment, "maxuploadfilesize"));
}

/**
 * A note holds its file as base64 text; what the server keeps beside it follows: `filesize` and `isdocument`. Throws for
 * what is no base64, or too large (attachment-annotation-files.md).
 */
export function checkNote(environment: Environment, notes: Table, draft: Draft, row?: Row): void {
  const body = notes.columns.get("documentbody")!;
  const text = drafted(draft, body);
  if (text === undefined) return;
  const bytes = fromBase64(String(text ?? ""));
  if (!bytes) throw fileErrors.notBase64(body.name);
  const plain = bytes.toString("base64");
  if (plain.length > mostInNote(environment)) throw fileErrors.fileTooBig();
  const value = (name: string) => {
    const column = notes.columns.get(name)!;
    return String(drafted(draft, column) ?? (row && read(row, column)) ?? "");
  };
  if (text !== null) checkType(environment, value("filename"), value("mimetype"));
  setDrafted(draft, body, text === null ? null : plain);
  setDrafted(draft, notes.columns.get("filesize")!, bytes.length);
  setDrafted(draft, notes.columns.get("isdocument")!, text !== null);
}
