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
 * One way to read a date in text, as SQL: where the text is of the form (`fits`), `wall` is the TIMESTAMP as written, and
 * `utc` the same instant in UTC, null where the form has no offset. A day that does not exist is NULL.
 */
export type DateReading = { fits: string; wall: string; utc: string | null };

/** The VARCHAR `text` in each of the strptime formats. Strict: the whole text must fit. */
export function formatReadings(text: string, strptime: readonly string[]): DateReading[] {
  return strptime.map((f) => {
    const fits = `regexp_full_match(${text}, '${formatPattern(f).replaceAll("'", "''")}')`;
    const read = (of: string, format: string) => `try_strptime(${of}, '${format.replaceAll("'", "''")}')`;
    if (!f.includes("%z")) return { fits, wall: read(text, f), utc: null };
    const utc = `${read(`regexp_replace(${text}, 'Z$', '+00')`, f)} AT TIME ZONE 'UTC'`;
    // An offset in the middle is no form that anybody writes: there the instant counts as written in UTC.
    const bare = `regexp_replace(${text}, '${isoOffsetPattern}$', '')`;
    return { fits, wall: f.endsWith("%z") ? read(bare, f.slice(0, -2)) : utc, utc };
  });
}

/** The same of an ISO 8601 date or instant. */
export function isoReadings(text: string): DateReading[] {
  // DuckDB's cast wants seconds before an offset; ISO does not.
  const seconds = `regexp_replace(${text}, '^(.{16})([Z+-])', '\\1:00\\2')`;
  const bare = `regexp_replace(${text}, '${isoOffsetPattern}$', '')`;
  return [
    {
      fits: `regexp_full_match(${text}, '${isoDatePattern}|${isoTimePattern}')`,
      wall: `TRY_CAST(${text} AS TIMESTAMP)`,
      utc: null,
    },
    {
      fits: `regexp_full_match(${text}, '${isoTimePattern}${isoOffsetPattern}')`,
      wall: `TRY_CAST(${bare} AS TIMESTAMP)`,
      utc: `TRY_CAST(${seconds} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'`,
    },
  ];
}

/** SQL: what `of` makes of the reading that fits; NULL where none does. */
export function readAs(readings: readonly DateReading[], of: (reading: DateReading) => string): string {
  return `CASE ${readings.map((r) => `WHEN ${r.fits} THEN ${of(r)}`).join(" ")} END`;
}

const inUtc = ({ wall, utc }: DateReading): string => utc ?? wall;

/** SQL: the TIMESTAMP (in UTC where the text names an offset) that the text means in one of the formats, or NULL. */
export function readDateSql(text: string, strptime: readonly string[]): string {
  return readAs(formatReadings(text, strptime), inUtc);
}

/** SQL: the TIMESTAMP (UTC) that an ISO 8601 date or instant in the VARCHAR `text` means, or NULL. No offset is UTC. */
export function readIsoSql(text: string): string {
  return readAs(isoReadings(text), inUtc);
}

export const isoDatePattern = "\\d{4}-\\d{2}-\\d{2}";
export const isoTimePattern = `${isoDatePattern}[T ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?`;
export const isoOffsetPattern = "(?:Z|[+-]\\d{2}:?\\d{2})";
