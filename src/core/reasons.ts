/**
 * Why a row does not go: code -> the sentence people read and what must happen before the row is tried again.
 * `{column}` `{value}` `{length}` `{detail}` stand for what is known of the case; `hint` says what
 * to do; one that needs `{limit}` is left out where that is not known. Codes never change; words may.
 *
 * wake: a key of `wakes`, when the row is tried again. Whatever its reason, a row is tried again when its own values
 * change, and every row is when the mapping or the definition of a column it uses does.
 */
export type Reason = { message: string; hint: string; wake: Wake };

/** When a row is tried again, in words that follow "tried again". */
export const wakes = {
  undo: "by another undo of the run",
  row: "when its source row changes",
  metadata: "when its source row, the mapping or the column's definition changes",
  parent: "when the record it points at is there",
  record: "when its record changes there",
  destination: "after 1, 2, 4, 8 ... runs, and at the latest a day after the last try",
  always: "in every run",
} as const;
export type Wake = keyof typeof wakes;

const rows = {
  required_empty: {
    message: "{column} is empty, and Dynamics takes no row without it.",
    hint: "Fill it in the source, or say with `values` what an empty one means.",
    wake: "metadata",
  },
  too_long: {
    message: "{column} is too long: {value} has {length} characters.",
    hint: "It takes at most {limit}; `tooLong: truncate` cuts.",
    wake: "metadata",
  },
  not_whole: {
    message: "{column}: {value} is no whole number.",
    hint: "`rounding: nearest` or `down` makes one of it.",
    wake: "metadata",
  },
  too_precise: {
    message: "{column}: {value} has more digits behind the point than the column holds.",
    hint: "It holds {limit}; `rounding: nearest` or `down` gives the rest up.",
    wake: "metadata",
  },
  bad_number: {
    message: "{column}: {value} is no number that can be read in one way only.",
    hint: "Correct it, or let `decimal` say whether a point or a comma precedes the fraction.",
    wake: "row",
  },
  out_of_range: {
    message: "{column}: {value} is outside what the column takes.",
    hint: "It takes {limit}.",
    wake: "metadata",
  },
  bad_date: {
    message: "{column}: {value} is no date in the format declared.",
    hint: "It is read as {limit}; `formats` declares others.",
    wake: "row",
  },
  date_out_of_range: {
    message: "{column}: {value} is not between the years 1753 and 9999, which Dynamics holds.",
    hint: "An instant counts in UTC. Correct it, or say with `values` what such a date stands for.",
    wake: "row",
  },
  not_an_option: {
    message: "{column}: {value} is none of its options.",
    hint: "They are {limit}; `values` translates others.",
    wake: "metadata",
  },
  ambiguous_option: {
    message: "{column}: {value} names several of its options.",
    hint: "Use the number, or say with `values` which is meant.",
    wake: "metadata",
  },
  too_many_options: {
    message: "{column}: more than 150 options are chosen, the most Dynamics holds.",
    hint: "Choose fewer in the source.",
    wake: "row",
  },
  bad_boolean: {
    message: "{column}: {value} is neither yes nor no.",
    hint: "Say with `values` which it is.",
    wake: "metadata",
  },
  bad_guid: {
    message: "{column}: {value} is no GUID.",
    hint: "It is written 6f9619ff-8b86-d011-b42d-00c04fc964ff, with or without braces.",
    wake: "row",
  },
  bad_email: {
    message: "{column}: {value} is no e-mail address.",
    hint: "It is written name@example.com; without `format: email` any text is taken.",
    wake: "row",
  },
  bad_phone: {
    message: "{column}: {value} is no phone number that anybody has.",
    hint: "It begins with + and the country, or `country: DE` says which country's it is.",
    wake: "row",
  },
  bad_url: {
    message: "{column}: {value} is no address of the web.",
    hint: "It begins with http:// or https://; without `format: url` any text is taken.",
    wake: "row",
  },
  expression_failed: {
    message: "{column}: the expression of its mapping line fails on this row, where {value}.",
    hint: "Correct the row, or use TRY_CAST or CASE in the expression.",
    wake: "row",
  },

  parent_missing: {
    message: "{column}: there is no record for {value} to point at.",
    hint: "It looks for an existing {limit}; the row is sent by itself once there is one. `missing: null` sends it without.",
    wake: "parent",
  },
  parent_renamed: {
    message: "{column}: two records were made for {value}, and both go by other values now.",
    hint: "Give one of them that value there, and see who changes it (a plug-in or flow, perhaps); or correct the source.",
    wake: "parent",
  },
  parent_ambiguous: {
    message: "{column}: several records fit {value}, so it could point at any.",
    hint: "It looks for an existing {limit}. Make that unique there, or look up by another column.",
    wake: "always",
  },
  owner_barred: {
    message: "{column}: {value} is a disabled user, or a team that may own nothing.",
    hint: "Enable it in Dynamics, or name another owner.",
    wake: "always",
  },
  status_of_other_state: {
    message: "{column}: {value} is no status of the state that the row says.",
    hint: "Correct one of the two; `sluice describe` shows which status belongs to which state.",
    wake: "metadata",
  },
  state_by_message: {
    message: "{column}: a record is put into the state {value} by the message {limit} alone, not by writing it.",
    hint: "Let people or a flow of Dynamics do that; the row goes once its record is in that state.",
    wake: "always",
  },
  key_empty: { message: "The row has no key.", hint: "Fill the model's key in the source.", wake: "row" },
  key_doubled: {
    message: "{detail} source rows have this key.",
    hint: "Keep one of them, or add a column to the model's key.",
    wake: "row",
  },
  no_identity: {
    message: "{column} is empty: there is nothing to find its record by.",
    hint: "Fill it in the source.",
    wake: "row",
  },
  match_not_unique: {
    message: "Other source rows have the same {column} {value}: {detail}.",
    hint: "Keep one of them, or match by more columns.",
    wake: "always",
  },
  match_taken: {
    message: "The record with {column} {value} belongs to the source row {detail}.",
    hint: "Keep one of the two rows, or match by more columns.",
    wake: "always",
  },
  match_ambiguous: {
    message: "Several records have the {column} {value}: {detail}.",
    hint: "Merge them in Dynamics, or say `severalMatches: oldest` or `newest`.",
    wake: "always",
  },
  exists: {
    message: "A record with {column} {value} exists already, and this sync only creates.",
    hint: "`mode: upsert` keeps such records in step.",
    wake: "always",
  },
  not_found: {
    message: "There is no record with {column} {value}, and this sync only updates.",
    hint: "`mode: upsert` makes what is missing.",
    wake: "always",
  },
  moved: {
    message: "The plan that was applied has the row, but it would be changed otherwise now.",
    hint: "It changed in the source or in Dynamics after the plan was made; the next run looks at it.",
    wake: "always",
  },
  not_planned: {
    message: "The row changed after the plan that was applied was made.",
    hint: "The next run looks at it.",
    wake: "always",
  },
  moved_there: {
    message:
      "Somebody changed its record in the destination after the plan was made, so nothing was written over that.",
    hint: "The next run looks at both sides again.",
    wake: "always",
  },
  deleted_there: {
    message:
      "Its record was deleted in the destination, by somebody or together with another; it is held, not made anew.",
    hint: "`deletedThere: recreate` makes such records anew.",
    wake: "record",
  },
  still_referenced: {
    message: "It left, but with its record the destination would delete {detail}; so it stays for now.",
    hint: "Run that sync too: once none of these points at the record it is deleted by itself. If they keep pointing there, correct their source.",
    wake: "always",
  },
  still_shared: {
    message: "It left, but its record belongs {detail}, too; so it stays for now.",
    hint: "Run that sync too: once its row has left as well, the record is deleted, or deactivated, by itself.",
    wake: "always",
  },
  still_wanted: {
    message:
      "It left, but the row {detail}, which this run was not about, may be the same by another key; so its record stays as it is for now.",
    hint: "Run the whole sync: that row takes the record over, or else what `onLeave` says is done then.",
    wake: "always",
  },
  undo_changed: {
    message: "{column}: it now holds {value}, which is not what the run wrote: somebody has changed it since.",
    hint: "It stays as it is.",
    wake: "undo",
  },
  undo_later: {
    message: "{column}: the later run {detail} wrote it.",
    hint: "Undo that run first.",
    wake: "undo",
  },
  undo_set_since: {
    message: "{column}: an earlier undo had taken it back already, and somebody has changed it since.",
    hint: "It stays as it is.",
    wake: "undo",
  },
  undo_gone: {
    message: "The record was deleted since.",
    hint: "Nothing can be put back into it.",
    wake: "undo",
  },
  undo_parent_gone: {
    message: "{column}: it pointed at {value}, and that record is gone.",
    hint: "It stays as it is; in a record made anew it is empty, or what Dynamics fills in by itself, as it does with an owner. If another run deleted that record, undo that run first; where this undo is done already, repeat it then.",
    wake: "undo",
  },
  undo_unset: {
    message:
      "{column}: an earlier undo made the record anew without pointing it at {value} again, and this one leaves that: neither the run nor the sync maps the column, or that undo was broken off and somebody may have set it since.",
    hint: "Set it by hand, unless it is as it should be by now.",
    wake: "undo",
  },
  undo_not_writable: {
    message: "{column}: Dynamics no longer takes it in updates, or nobody says which table its old value is of.",
    hint: "Its old value is in the run's folder.",
    wake: "undo",
  },
  undo_column_gone: {
    message: "{column}: the table has no such column any more.",
    hint: "Its old value is in the run's folder.",
    wake: "undo",
  },
  undo_unlinked: {
    message: "The row and the record that the run wrote are not linked any more.",
    hint: "The record stays as it is.",
    wake: "undo",
  },
  undo_found: {
    message: "It is not known whether the run made the record: the later run {detail} found it there.",
    hint: "The record stays as it is.",
    wake: "undo",
  },
  undo_shared: {
    message: "The record was made by the run, and belongs {detail}, too.",
    hint: "It stays as it is. Undo the run in which that sync took it over, or let its row leave there; then undo this one again.",
    wake: "undo",
  },
  undo_referenced: {
    message: "The record was made by the run, but with it the destination would delete {detail}.",
    hint: "It stays as it is. Undo that sync's run first, also with `--delete-created`, and then this one again; without that flag the record is deactivated.",
    wake: "undo",
  },
  undo_no_state: {
    message: "The record was made by the run, and no update makes records of this table inactive.",
    hint: "`--delete-created` deletes it.",
    wake: "undo",
  },
  undo_other_state: {
    message: "{column}: it was {value} before the run, and undo sets no state but 0 and 1.",
    hint: "Set it by hand.",
    wake: "undo",
  },
  undo_made_since: {
    message: "The record was deleted, and another one with {column} {value} was made since: {detail}.",
    hint: "It is not made anew beside that. Once the other is gone, another undo makes it.",
    wake: "undo",
  },
  undo_no_image: {
    message: "The record was deleted, and what it held was not kept.",
    hint: "Dynamics may still have it in its recycle bin.",
    wake: "undo",
  },
  undo_no_list: {
    message: "The list {column} is not filled by this sync any more, is gone, or takes nobody.",
    hint: "Its members stay. Where it is only locked or inactive, open it and undo the run once more.",
    wake: "undo",
  },
  refused: {
    message: "The destination refused it: {detail}",
    hint: "It is tried again in later runs; correct what the answer names.",
    wake: "destination",
  },
  skipped: {
    message: "It was accepted as it is, {detail}.",
    hint: "It goes again once its source row or the mapping changes, or with `sluice resend`.",
    wake: "metadata",
  },
  not_sent: {
    message: "The run ended before it was sent.",
    hint: "It goes with the next run.",
    wake: "always",
  },
  unknown_answer: {
    message: "It was sent but the answer was lost.",
    hint: "The next run sees what is there.",
    wake: "always",
  },
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
  const sentence =
    found.limit || !reason.hint.includes("{limit}") ? `${reason.message} ${reason.hint}` : reason.message;
  return sentence.replaceAll(/\{(\w+)\}/g, (_, word: string) => words[word] ?? "").trim();
}

function shortened(value: string): string {
  const signs = Array.from(value);
  return signs.length > 80 ? `${signs.slice(0, 77).join("")}...` : value;
}
