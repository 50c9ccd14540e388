import { errors } from "../errors.ts";
import type { Column, Table } from "../model.ts";
import { fileErrors } from "./errors.ts";

/** The image types there are, by their first bytes (image-column-data.md, "Image file types"). */
const SIGNATURES: [string, string, string][] = [
  ["474946383761", "image/gif", "gif"],
  ["474946383961", "image/gif", "gif"],
  ["ffd8ff", "image/jpeg", "jpg"],
  ["49492a00", "image/tiff", "tif"],
  ["4d4d002a", "image/tiff", "tif"],
  ["424d", "image/bmp", "bmp"],
  ["89504e470d0a1a0a", "image/png", "png"],
];

/** The type of an image and the extension its files have; undefined where the bytes are none. */
export function imageType(bytes: Buffer): { mime: string; extension: string } | undefined {
  const head = bytes.toString("hex", 0, 8);
  const found = SIGNATURES.find(([signature]) => head.startsWith(signature));
  return found && { mime: found[1], extension: found[2] };
}

/**
 * An image in the JSON of a row: bytes in base64, null or an empty text for none (image-column-data.md, "Use image data
 * with records"). Throws 400 for anything else.
 */
export function imageBytes(table: Table, value: unknown): Buffer | null {
  if (value === null || value === "") return null;
  const bytes = typeof value === "string" ? fromBase64(value) : undefined;
  if (bytes === undefined) throw errors.wrongType(table.set, value, "Edm.Binary");
  return bytes;
}

/** Undefined where the text is no base64; line ends within and missing padding do not matter. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  const whole = text.replace(/[\r\n]/g, "").replace(/={1,2}$/, "");
  return /^[A-Za-z0-9+/]*$/.test(whole) && bytes.length === Math.floor((whole.length * 3) / 4) && whole.length % 4 !== 1
    ? bytes
    : undefined;
}

/** Throws where a file or image is larger than its column takes (file-column-data.md, image-column-data.md). */
export function checkSize(column: Column, bytes: number): void {
  checkMost(mostBytes(column), column.kind === "image", bytes);
}

export const mostBytes = (column: Column): number => column.maxKb! * 1024;

export function checkMost(most: number, image: boolean, bytes: number): void {
  if (bytes > most) throw image ? fileErrors.imageTooBig(most, bytes) : fileErrors.fileTooBig();
}
