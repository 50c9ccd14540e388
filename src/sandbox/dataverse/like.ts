import { fold } from "./collation.ts";

type Part = "many" | "one" | { members: RegExp } | { char: string };

/** Text as LIKE compares it: folded, but trailing blanks count. */
export function foldForLike(text: string): string {
  return fold(`${text}\u0000`).slice(0, -1);
}

/**
 * A test for SQL's LIKE over text from `foldForLike`, with `%`, `_` and `[ ]` (dataverse.md section 6). It goes back
 * only to the last `%`, so that no pattern takes longer than length times length.
 */
export function likeTest(pattern: string): (text: string) => boolean {
  const parts = partsOf(foldForLike(pattern));
  return (text) => {
    let at = 0;
    let part = 0;
    let resume = -1;
    let from = 0;
    while (at < text.length) {
      const current = parts[part];
      if (current === "many") {
        resume = ++part;
        from = at;
      } else if (current !== undefined && fits(current, text[at]!)) {
        part++;
        at++;
      } else if (resume >= 0) {
        part = resume;
        at = ++from;
      } else return false;
    }
    while (parts[part] === "many") part++;
    return part === parts.length;
  };
}

function fits(part: Part, char: string): boolean {
  if (typeof part === "string") return true;
  return "char" in part ? part.char === char : part.members.test(char);
}

function partsOf(pattern: string): Part[] {
  return (pattern.match(/\[[^\]]*\]|[\s\S]/g) ?? []).map((text) => {
    if (text === "%") return "many";
    if (text === "_") return "one";
    return text.length > 1 ? { members: members(text.slice(1, -1)) } : { char: text };
  });
}

/** `[a-f]`, `[^0-9]`: one of these characters, or none of them. An empty or senseless set fits nothing. */
function members(inside: string): RegExp {
  const negated = inside.startsWith("^");
  const set = (negated ? inside.slice(1) : inside).replace(/[\]\\^]/g, "\\$&");
  try {
    return new RegExp(set === "" ? "(?!)" : `[${negated ? "^" : ""}${set}]`);
  } catch {
    return /(?!)/;
  }
}
