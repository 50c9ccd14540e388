import { fileErrors } from "./errors.ts";

export type Range = { start: number; end: number };

/**
 * `Content-Range: bytes 0-4194303/25870370`, of one part of an upload (file-column-data.md, "Upload the file in chunks
 * using Web API"). Throws 400 where it is not that, or does not fit the body.
 */
export function contentRange(text: string | undefined, bodyBytes: number): Range & { size: number } {
  const match = /^\s*bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15})\s*$/i.exec(text ?? "");
  if (!match) throw fileErrors.badRange(`Content-Range '${(text ?? "").slice(0, 100)}' is missing or not valid`);
  const [start, end, size] = match.slice(1).map(Number) as [number, number, number];
  if (end < start || end >= size) throw fileErrors.badRange(`Content-Range '${match[0]}' is not within the file`);
  if (end - start + 1 !== bodyBytes)
    throw fileErrors.badRange(`the body has ${bodyBytes} bytes, Content-Range tells others`);
  return { start, end, size };
}

/**
 * `Range: bytes=0-4194303` of a download, also open or counted from the end; older pages print the size behind a slash
 * (file-attributes.md). Undefined: the whole file, also for what is no single range of bytes (RFC 9110). Throws 416
 * where the file has none of it.
 */
export function requestedRange(text: string | undefined, size: number): Range | undefined {
  const match = /^\s*bytes=\s*(\d{0,15})-(\d{0,15})(?:\/\d+)?\s*$/i.exec(text ?? "");
  if (!match || match[1] + match[2]! === "") return undefined;
  const [first, last] = [match[1]!, match[2]!];
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  if (start >= size) throw fileErrors.rangeNotSatisfiable(size);
  return { start, end };
}
