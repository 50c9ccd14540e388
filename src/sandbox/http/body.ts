import type { IncomingMessage } from "node:http";

/** Dataverse itself stops at about 117 MB (dataverse.md section 7: the sandbox context limit). */
export const MAX_BODY_BYTES = 120 * 1024 * 1024;

/** A file is taken in one request up to here (file-column-data.md, "Upload a file in a single request"). */
const MAX_FILE_BYTES = 128 * 1024 * 1024;

/** The most bytes a request may send: one that does not announce text may be a file. */
export function limitOf(request: IncomingMessage): number {
  const type = request.headers["content-type"] ?? "";
  return type === "" || /json|multipart|urlencoded/i.test(type) ? MAX_BODY_BYTES : MAX_FILE_BYTES;
}

/**
 * The whole body, or "too large" once it exceeds `limit` bytes. The rest of an oversized body is read and thrown away,
 * because a client that is still sending does not see an answer on a closed socket.
 */
export function readBody(request: IncomingMessage, limit: number = MAX_BODY_BYTES): Promise<Buffer | "too large"> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on("end", () => resolve(size > limit ? "too large" : Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("aborted", () => reject(new Error("the client went away")));
  });
}
