import type { MappingLine } from "../../../core/project.ts";
import type { Reading } from "./conversion.ts";
import { isPhone, readPhone } from "./phone.ts";

type Format = NonNullable<MappingLine["format"]>;

const word = '[^\\s\\x{a0}@<>()\\[\\],;:"\\\\.]';
const host = `${word}+(?:\\.${word}+)+`;

/**
 * An address that a mail could be sent to (RFC 5321: at most 64 bytes before the @, 254 in all): one @, a domain with a
 * dot, no blanks, no dots side by side, and nothing of what only a quoted name may hold.
 */
const email = `${word}+(?:\\.${word}+)*@${host}`;

/** http or https with a host; a port, a path and the rest as they like, but no blanks. */
const url =
  "[hH][tT][tT][pP][sS]?://(?:[^\\s\\x{a0}/?#@]+@)?[^\\s\\x{a0}/?#@:]+(?::[0-9]{1,5})?(?:[/?#][^\\s\\x{a0}]*)?";

/** Whether a text written into the mapping is of a form. */
export function isFormatted(format: Format, country: string | undefined, text: string): boolean {
  if (format === "phone") return isPhone(text, country);
  // JavaScript writes code points otherwise than RE2.
  const shape = (format === "email" ? email : url).replaceAll("\\x{a0}", "\\u00a0");
  return (
    new RegExp(`^(?:${shape})$`).test(text) && (format === "url" || (text.length <= 254 && text.indexOf("@") <= 64))
  );
}

/** A text `x`, without blanks around, that must be of a form. */
export function readFormatted(format: Format, country: string | undefined, x: string): Reading {
  if (format === "phone") return readPhone(x, country);
  const shape = format === "email" ? email : url;
  const size = format === "email" ? ` AND strlen(${x}) <= 254 AND strpos(${x}, '@') <= 65` : "";
  return {
    value: x,
    fine: `(regexp_full_match(${x}, '${shape.replaceAll("'", "''")}')${size})`,
    faults: [["true", format === "email" ? "bad_email" : "bad_url"]],
  };
}
