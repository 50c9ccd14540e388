import { closeSync, createReadStream, createWriteStream, openSync, readSync } from "node:fs";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SluiceError } from "../../core/errors.ts";
import { decoderName } from "./config.ts";

/** Enough to see encoding, delimiter and header; a header longer than this is refused. */
const headBytes = 256 * 1024;

export type Head = { text: string; whole: boolean; encoding: string };

/**
 * The beginning of a text file, decoded. The encoding is the declared one, else the byte order mark's, else UTF-8;
 * bytes that do not fit are an error, never replaced.
 * @throws SluiceError file_unreadable
 */
export function readHead(file: string, declared: string | undefined): Head {
  const bytes = firstBytes(file);
  const whole = bytes.length < headBytes;
  const encoding = encodingOf(file, bytes, declared);
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    return { text: decoder.decode(bytes, { stream: !whole }), whole, encoding };
  } catch (cause) {
    throw undecodable(file, encoding, cause);
  }
}

/** The error for bytes that are not of the encoding. */
export function undecodable(file: string, encoding: string, cause?: unknown): SluiceError {
  return new SluiceError(
    "file_unreadable",
    `${file} is not written in ${encoding}: it holds bytes that mean nothing there.`,
    {
      remedy:
        encoding === "utf-8"
          ? "Declare the encoding in the connection, for example `encoding: latin-1` (what Windows programs write)."
          : "Correct `encoding` in the connection; leave it out for utf-8.",
      cause,
    },
  );
}

/**
 * Writes a UTF-8 copy of a file with LF line ends: DuckDB alone reads neither windows-1252, UTF-16 with a byte order
 * mark, nor mixed line ends. Line ends inside quotes stay as they are.
 * @throws SluiceError file_unreadable
 */
export async function writeCopy(file: string, encoding: string, quote: string, to: string): Promise<void> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let quoted = false;
  let afterReturn = false;
  const ends = (text: string) => {
    let out = "";
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10 && afterReturn) {
        out += text.slice(from, i);
        from = i + 1;
      }
      afterReturn = false;
      if (quote !== "" && c === quote.charCodeAt(0)) quoted = !quoted;
      else if (c === 13 && !quoted) {
        out += `${text.slice(from, i)}\n`;
        from = i + 1;
        afterReturn = true;
      }
    }
    return out + text.slice(from);
  };
  const step = (work: () => string, done: TransformCallback) => {
    try {
      done(null, ends(work()));
    } catch (cause) {
      done(undecodable(file, encoding, cause));
    }
  };
  const decode = new Transform({
    transform: (chunk: Buffer, _, done) => step(() => decoder.decode(chunk, { stream: true }), done),
    flush: (done) => step(() => decoder.decode(), done),
  });
  await pipeline(createReadStream(file), decode, createWriteStream(to, { mode: 0o600 }));
}

function encodingOf(file: string, bytes: Buffer, declared: string | undefined): string {
  const mark = [
    ["utf-16le", [0xff, 0xfe]],
    ["utf-16be", [0xfe, 0xff]],
  ].find(([, m]) => (m as number[]).every((b, i) => bytes[i] === b))?.[0] as string | undefined;
  if (declared !== undefined) {
    const name = decoderName(declared);
    return name === "utf-16le" && mark ? mark : name;
  }
  if (mark) return mark;
  const zeros = bytes.subarray(0, 4096).filter((b) => b === 0).length;
  if (zeros > 0 && zeros * 4 > Math.min(bytes.length, 4096)) {
    throw new SluiceError("file_unreadable", `${file} looks like UTF-16 text without a byte order mark.`, {
      remedy: "Declare `encoding: utf-16le` (or utf-16be) in the connection; or `format`, if it is no text at all.",
    });
  }
  return "utf-8";
}

function firstBytes(file: string): Buffer {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === "EACCES" ? "may not be read by this user" : "cannot be opened";
    throw new SluiceError("file_missing", `${file} ${why}.`, {
      remedy: "Give the user that runs Sluice read access.",
      cause,
    });
  }
  try {
    const buffer = Buffer.alloc(headBytes);
    let length = 0;
    for (let got = -1; got !== 0 && length < headBytes; length += got)
      got = readSync(handle, buffer, length, headBytes - length, null);
    return buffer.subarray(0, length);
  } finally {
    closeSync(handle);
  }
}
