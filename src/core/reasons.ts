/**
 * Why a row does not go: code -> the sentence people read and what must happen before the row is tried again.
 * `{column}` `{value}` `{length}` `{detail}` stand for what is known of the case; `hint` follows where `{limit}` is
 * known. Codes never change; words may.
 *
 * wake: row = its own values change; parent = the record it points at appears; record = its own record changes there;
 * destination = asked again on growing numbers of runs, for the cause lies there; always = looked at in every run, for
 * other rows decide and looking costs no request.
 */
export type Reason = { message: string; hint?: string; wake: Wake };
export type Wake = "row" | "parent" | "record" | "destination" | "always";

const rows = {
  required_empty: { message: "{column} is empty, and Dynamics takes no row without it.", wake: "row" },
  too_long: {
    message: "{column} is too long: {value} has {length} characters.",
    hint: "It takes at most {limit}; `tooLong: truncate` cuts.",
    wake: "row",
  },
  not_whole: { message: "{column}: {value} is no whole number.", wake: "row" },
  bad_number: { message: "{column}: {value} is no number that can be read in one way only.", wake: "row" },
  out_of_range: {
    message: "{column}: {value} is outside what the column takes.",
    hint: "It takes {limit}.",
    wake: "row",
  },
  bad_date: {
    message: "{column}: {value} is no date in the format declared.",
    hint: "It is read as {limit}.",
    wake: "row",
  },
  date_out_of_range: { message: "{column}: {value} is before 1753, the first year Dynamics holds.", wake: "row" },
  not_an_option: { message: "{column}: {value} is none of its options.", hint: "They are {limit}.", wake: "row" },
  ambiguous_option: { message: "{column}: {value} names several of its options; use the number.", wake: "row" },
  too_many_options: { message: "{column}: more than 150 options are chosen, the most Dynamics holds.", wake: "row" },
  bad_boolean: { message: "{column}: {value} is neither yes nor no.", wake: "row" },
  bad_guid: { message: "{column}: {value} is no GUID.", wake: "row" },

  parent_missing: { message: "{column}: there is no record for {value} to point at.", wake: "parent" },
  parent_ambiguous: { message: "{column}: several records fit {value}, so it could point at any.", wake: "always" },
  key_empty: { message: "The row has no key.", wake: "row" },
  key_doubled: { message: "{detail} source rows have this key.", wake: "row" },
  no_identity: { message: "{column} is empty: there is nothing to find its record by.", wake: "row" },
  match_not_unique: { message: "Other source rows have the same {column} {value}: {detail}.", wake: "always" },
  match_taken: { message: "The record with {column} {value} belongs to the source row {detail}.", wake: "always" },
  match_ambiguous: { message: "Several records have the {column} {value}: {detail}.", wake: "always" },
  exists: { message: "A record with {column} {value} exists already, and this sync only creates.", wake: "always" },
  not_found: { message: "There is no record with {column} {value}, and this sync only updates.", wake: "always" },
  deleted_there: {
    message: "Somebody deleted its record in the destination; it is held, not made anew.",
    wake: "record",
  },
  refused: { message: "The destination refused it: {detail}", wake: "destination" },
  not_sent: { message: "The run ended before it was sent; it goes with the next.", wake: "always" },
  unknown_answer: { message: "It was sent but the answer was lost; the next run sees what is there.", wake: "always" },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof rows;
export const reasons: Record<string, Reason> = rows;

/** What is known of one case. */
export type Case = { column?: string | null; value?: string | null; limit?: string | null; detail?: string | null };

/** The sentence for a row. A code we do not know (the destination's own) is told by its detail. */
export function explain(code: string, found: Case): string {
  const reason = reasons[code];
  if (!reason) return found.detail ?? code;
  const words: Record<string, string> = {
    column: found.column ?? "A column",
    value: found.value == null ? "an empty value" : `"${shortened(found.value)}"`,
    length: String(found.value?.length ?? 0),
    limit: found.limit ?? "",
    detail: found.detail ?? "",
  };
  const sentence = reason.hint && found.limit ? `${reason.message} ${reason.hint}` : reason.message;
  return sentence.replaceAll(/\{(\w+)\}/g, (_, word: string) => words[word] ?? "").trim();
}

function shortened(value: string): string {
  const signs = Array.from(value);
  return signs.length > 80 ? `${signs.slice(0, 77).join("")}...` : value;
}
