/**
 * Dates written as text: the formats people declare (`d/M/yyyy`), the DuckDB formats they become, SQL that reads them
 * strictly, and the detection of a column's format. Nothing here guesses: what can be read two ways is reported.
 */

type Token = { strptime: string; pattern: string };

/** Letters as in .NET and Java. One letter reads one or two digits, two letters exactly two. */
const tokens: Record<string, Token> = {
  yyyy: { strptime: "%Y", pattern: "\\d{4}" },
  yy: { strptime: "%y", pattern: "\\d{2}" },
  M: { strptime: "%-m", pattern: "\\d{1,2}" },
  MM: { strptime: "%m", pattern: "\\d{2}" },
  MMM: { strptime: "%b", pattern: "[A-Za-z]{3}" },
  MMMM: { strptime: "%B", pattern: "[A-Za-z]{3,9}" },
  d: { strptime: "%-d", pattern: "\\d{1,2}" },
  dd: { strptime: "%d", pattern: "\\d{2}" },
  H: { strptime: "%-H", pattern: "\\d{1,2}" },
  HH: { strptime: "%H", pattern: "\\d{2}" },
  h: { strptime: "%-I", pattern: "\\d{1,2}" },
  hh: { strptime: "%I", pattern: "\\d{2}" },
  m: { strptime: "%-M", pattern: "\\d{1,2}" },
  mm: { strptime: "%M", pattern: "\\d{2}" },
  s: { strptime: "%-S", pattern: "\\d{1,2}" },
  ss: { strptime: "%S", pattern: "\\d{2}" },
  SSS: { strptime: "%g", pattern: "\\d{3}" },
  a: { strptime: "%p", pattern: "[AaPp][Mm]" },
  XXX: { strptime: "%z", pattern: "(?:Z|[+-]\\d{2}:?\\d{2})" },
};
const byStrptime = new Map(Object.entries(tokens).map(([name, t]) => [t.strptime, { name, ...t }]));

export type Format = { strptime: string } | { problem: string };

/** A declared format as DuckDB's strptime format, or what is wrong with it. Text in single quotes stands for itself. */
export function readFormat(text: string): Format {
  let strptime = "";
  const seen: string[] = [];
  for (const [part] of text.matchAll(/'[^']*'|([A-Za-z])\1*|[^A-Za-z]/g)) {
    if (part.startsWith("'") && part.length > 1) {
      strptime += part.slice(1, -1).replaceAll("%", "%%");
    } else if (/[A-Za-z]/.test(part)) {
      const token = tokens[part];
      if (token) {
        strptime += token.strptime;
        seen.push(part);
      } else if (part === "T" || part === "Z") strptime += part;
      else return { problem: `\`${part}\` in the date format \`${text}\` is not known; ${known}` };
    } else strptime += part.replaceAll("%", "%%");
  }
  for (const [what, letter] of [
    ["day", "d"],
    ["month", "M"],
    ["year", "y"],
  ] as const) {
    const count = seen.filter((t) => t.startsWith(letter)).length;
    if (count !== 1) {
      return {
        problem: `the date format \`${text}\` ${count ? `has more than one ${what}` : `lacks the ${what}`}; ${known}`,
      };
    }
  }
  if (/%-?I/.test(strptime) !== strptime.includes("%p")) {
    return { problem: `the date format \`${text}\` needs \`h\` and \`a\` (AM/PM) together; \`H\` counts to 23` };
  }
  return { strptime };
}
const known = "a format is made of yyyy yy M MM MMM MMMM d dd H HH h hh m mm s ss SSS a XXX, such as d/M/yyyy";

/** A strptime format (made by `readFormat`) as people declare it. */
export function showFormat(strptime: string): string {
  return parts(strptime)
    .map((p) => byStrptime.get(p)?.name ?? (/[A-Za-z]/.test(p) ? `'${p}'` : p === "%%" ? "%" : p))
    .join("");
}

/** The regular expression (RE2) of all that a strptime format may read: strptime alone takes `1/2/20` for the year 20. */
export function formatPattern(strptime: string): string {
  return parts(strptime)
    .map((p) => byStrptime.get(p)?.pattern ?? (p === "%%" ? "%" : p.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")))
    .join("");
}

function parts(strptime: string): string[] {
  return strptime.match(/%-?[A-Za-z]|%%|[^%]/g) ?? [];
}

/** Two formats that read one text as two different days, such as d/M/yyyy and M/d/yyyy. */
export function conflict(a: string, b: string): boolean {
  if (a === b) return false;
  const [x, y] = [parts(a), parts(b)];
  if (x.length !== y.length) return false;
  let differs = false;
  for (const [i, p] of x.entries()) {
    const q = y[i] as string;
    const [s, t] = [byStrptime.get(p), byStrptime.get(q)];
    if (!s || !t) {
      if (p !== q) return false;
    } else {
      const digits = (token: Token) => token.pattern.replace("{1,2}", "{2}");
      if (digits(s) !== digits(t)) return false;
      if (s.name.charAt(0) !== t.name.charAt(0)) differs = true;
    }
  }
  return differs;
}

/**
 * SQL: the TIMESTAMP (in UTC where the text names an offset) that the VARCHAR `text` means in one of the strptime
 * formats, or NULL. Strict: the whole text must fit, the day must exist.
 */
export function readDateSql(text: string, strptime: readonly string[]): string {
  const reads = strptime.map((f) => {
    const format = `'${f.replaceAll("'", "''")}'`;
    const utc = f.includes("%z")
      ? `try_strptime(regexp_replace(${text}, 'Z$', '+00'), ${format}) AT TIME ZONE 'UTC'`
      : `try_strptime(${text}, ${format})`;
    return `CASE WHEN regexp_full_match(${text}, '${formatPattern(f).replaceAll("'", "''")}') THEN ${utc} END`;
  });
  return reads.length === 1 ? (reads[0] as string) : `coalesce(${reads.join(", ")})`;
}

export const isoDatePattern = "\\d{4}-\\d{2}-\\d{2}";
export const isoTimePattern = `${isoDatePattern}[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?`;
export const isoOffsetPattern = "(?:Z|[+-]\\d{2}:?\\d{2})";

/** SQL: the TIMESTAMP (UTC) that an ISO 8601 date or instant in the VARCHAR `text` means, or NULL. No offset is UTC. */
export function readIsoSql(text: string): string {
  // DuckDB's cast wants seconds before an offset; ISO does not.
  const seconds = `regexp_replace(${text}, '^(.{16})([Z+-])', '\\1:00\\2')`;
  return (
    `CASE WHEN regexp_full_match(${text}, '${isoDatePattern}|${isoTimePattern}') THEN TRY_CAST(${text} AS TIMESTAMP) ` +
    `WHEN regexp_full_match(${text}, '${isoTimePattern}${isoOffsetPattern}') ` +
    `THEN TRY_CAST(${seconds} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END`
  );
}
