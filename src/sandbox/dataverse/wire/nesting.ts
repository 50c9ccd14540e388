/** Levels of brackets that a long body may have. */
export const DEEPEST = 1000;

/** Bodies below this are read whatever their nesting: only with millions of levels does `JSON.parse` take half a minute. */
const LONG_BODY = 8 * 1024 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether a body is so long and so deeply nested that reading it would stop the service for everybody. */
export function takesTooLong(body: Buffer): boolean {
  return body.length > LONG_BODY && isDeeperThan(body, DEEPEST);
}

/** Whether the brackets of a JSON text, outside its strings, are nested deeper than so many levels. */
function isDeeperThan(body: Buffer, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = endOfString(body, at);
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > levels) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

/** The place of the quote that ends the string beginning at `from`. */
function endOfString(body: Buffer, from: number): number {
  for (let at = body.indexOf(QUOTE, from + 1); at >= 0; at = body.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (body[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return body.length;
}
