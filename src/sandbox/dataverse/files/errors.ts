import { ODataError } from "../errors.ts";

const make = (status: number, code: string, message: string) => new ODataError(status, code, message);
const megabytes = (bytes: number) => Math.floor(bytes / 1024 / 1024);

/** What the service answers about files and images (file-column-data.md, image-column-data.md); 0x80040203 is a guess. */
export const fileErrors = {
  fileTooBig: () => make(400, "0x80044a02", "Attachment file size is too big."),
  imageTooBig: (most: number, bytes: number) =>
    make(
      400,
      "0x80072553",
      `Error occured when processing image. Reason: File size is too big. MaxSize: ${megabytes(most)} MB, Uploaded filesize: ${megabytes(bytes)} MB.`,
    ),
  notAnImage: (id: string, table: string, column: string) =>
    make(
      400,
      "0x80072553",
      `Error occured when processing image. Reason: Update image properties failed for objectid: ${id}, logicalName: ${table}, attribute: ${column}`,
    ),
  notPrimaryImage: (column: string, table: string) =>
    make(
      400,
      "0x80090487",
      `Non-primary image attribute ${column} of entity ${table} is not allowed to upload during Create operation.`,
    ),
  noAttachment: (table: string, id: string, column: string, image: string | undefined) =>
    make(
      404,
      "0x80040217",
      image === undefined
        ? `No file attachment found for attribute: ${column} of ${table} record with id ${id}.`
        : `No FileAttachment records found for imagedescriptorId: ${image} for image attribute: ${column} of ${table} record with id ${id}.`,
    ),
  fileByValue: (column: string) =>
    make(
      400,
      "0x80040203",
      `Invalid argument. The file column '${column}' takes the bytes of a file, as application/octet-stream, and no value.`,
    ),
  typeBlocked: () =>
    make(
      400,
      "0x80043e09",
      "The attachment is either not a valid type or is too large. It cannot be uploaded or downloaded.",
    ),
  mimeBlocked: (mime: string) => make(400, "0x80072522", `Operation not allowed as mime type ${mime} is blocked.`),
  mimeNotAllowed: (mime: string) =>
    make(400, "0x80072521", `Operation not allowed as mime type ${mime} is not in the allow list.`),
  notBase64: (column: string) =>
    make(400, "0x80040203", `Invalid argument. The value of '${column}' is not a valid Base-64 string.`),
  badToken: () => make(400, "0x80040203", "Invalid argument. The token is none of an upload or download under way."),
  badBlock: (text: string) => make(400, "0x80040203", `Invalid argument. Block: ${text}.`),
  badRange: (text: string) => make(400, "0x80040203", `Invalid argument. Range: ${text}.`),
  badHeader: (name: string, value: string) =>
    make(
      400,
      "0x80040203",
      `Invalid argument. The header '${name}' is ${value === "" ? "missing" : `not valid: '${value.slice(0, 100)}'`}.`,
    ),
  rangeNotSatisfiable: (size: number) =>
    new ODataError(416, "0x80040203", `Invalid argument. The file ends before the range: it has ${size} bytes.`, {
      "Content-Range": `bytes */${size}`,
    }),
} as const;
