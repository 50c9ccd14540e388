/**
 * The two tables that decide everything, as data (docs/architecture.md prints them). The SQL of the plan
 * (`engine/sql/decide.ts`) and the readable oracle (`reconcile.ts`) are both made from them, and a property test holds
 * the two equal over random histories. Read rules from the top; the first that fits holds.
 */

/** What to do where the destination holds something else; `fill`: only if it is empty. */
export type Precedence = "overwrite" | "keep" | "fill";

/** What a person chose for a column: on its mapping line, or else for the whole sync. The names are those of the YAML. */
export type ColumnPolicies = { firstContact: Precedence; drift: Precedence; conflict: Precedence };

/**
 * What a person chose for the rows of a sync. Mode link is nobody's choice: a create-only sync whose state is made anew
 * takes the records that fit its rows for those it made.
 */
export type Policies = {
  mode: "upsert" | "update" | "create" | "link";
  severalMatches: "reject" | "oldest" | "newest";
  deletedThere: "hold" | "recreate" | "unlink";
  onLeave: "nothing" | "clear" | "deactivate" | "delete";
};

/**
 * leave: nothing happens. write: the source's value is sent. accept: nothing is sent, but base moves: both sides are
 * taken as agreed (`sent` = want, `seen` = what the destination holds).
 */
export type ColumnAction = "leave" | "write" | "accept";

/** When a mapping line writes a record that exists; what it says in the YAML. */
export type Writes = "always" | "on create" | "when empty";

/**
 * Facts of one column of one row. `agrees`: the destination already holds what the source wants; `empty`: that is nothing.
 * `owed`: we made the record, and a run stopped before it set the column; filled: somebody else has set it since. Told only of
 * what the sync, or the line, would not write on a record that exists.
 */
export type ColumnFacts = {
  owed: "no" | "yes" | "filled";
  write: Writes;
  contact: "first" | "known";
  source: Moved;
  destination: Moved;
  agrees: boolean;
  empty: boolean;
  filled: boolean;
};
export type Moved = "same" | "moved";

type ColumnRule = {
  when: Partial<ColumnFacts>;
  then: ColumnAction | { by: keyof ColumnPolicies; is: Record<Precedence, ColumnAction> };
  meaning: string;
};

export const columnTable: readonly ColumnRule[] = [
  {
    when: { owed: "yes", source: "moved", agrees: false, empty: false },
    then: "write",
    meaning: "we made the record, and were yet to set it",
  },
  { when: { owed: "yes" }, then: "accept", meaning: "the same, but the source has nothing to say any more" },
  { when: { owed: "filled" }, then: "accept", meaning: "the same, but somebody else has set it" },
  { when: { contact: "known", source: "same", destination: "same" }, then: "leave", meaning: "nothing new" },
  { when: { agrees: true }, then: "accept", meaning: "both sides hold the same already: base moves, nothing is sent" },
  { when: { write: "on create" }, then: "accept", meaning: "the record exists, and the line only sets new ones" },
  {
    when: { write: "when empty", filled: true },
    then: "accept",
    meaning: "the line only fills, and there is a value",
  },
  {
    when: { contact: "first", empty: true },
    then: "accept",
    meaning: "first contact, and the source has nothing to say",
  },
  {
    when: { contact: "first", filled: false },
    then: { by: "firstContact", is: { overwrite: "write", keep: "accept", fill: "write" } },
    meaning: "first contact, the destination's column is empty",
  },
  {
    when: { contact: "first" },
    then: { by: "firstContact", is: { overwrite: "write", keep: "accept", fill: "accept" } },
    meaning: "first contact, the destination holds another value",
  },
  { when: { source: "moved", destination: "same" }, then: "write", meaning: "the source changed" },
  {
    when: { source: "same", destination: "moved", filled: false },
    then: { by: "drift", is: { overwrite: "write", keep: "leave", fill: "write" } },
    meaning: "drift: somebody else emptied it",
  },
  {
    when: { source: "same", destination: "moved" },
    then: { by: "drift", is: { overwrite: "write", keep: "leave", fill: "leave" } },
    meaning: "drift: somebody else changed it",
  },
  {
    when: { source: "moved", destination: "moved", filled: false },
    then: { by: "conflict", is: { overwrite: "write", keep: "leave", fill: "write" } },
    meaning: "conflict: the source changed it, somebody else emptied it",
  },
  {
    when: { source: "moved", destination: "moved" },
    then: { by: "conflict", is: { overwrite: "write", keep: "leave", fill: "leave" } },
    meaning: "conflict: both changed it, differently",
  },
];

/**
 * What happens to a row. create, adopt, update: its columns go through the column table. status: only its audience
 * columns do. leave: what `onLeave` says, and its audiences are left; its record is put to rest once no other row has it. delete: the record is deleted, unless another row
 * that is there could be its owner, has it too, or would lose its own with it: then it waits. forget: the link is dropped.
 */
export type RowAction = "create" | "adopt" | "update" | "status" | "leave" | "delete" | "forget" | "reject" | "exclude";

/**
 * Facts of one touched row. `match` counts only where there is no link. A row that is there and whose record is gone has
 * none any more, unless `deletedThere` is hold: what takes the record's place is found as for a new row (`matchedAnew`).
 */
export type RowFacts = {
  source: "valid" | "invalid" | "left";
  link: "none" | "linked";
  /** empty: no match value; shared: other source rows have the same; taken: the record belongs to another source key. */
  match: "empty" | "shared" | "taken" | "several" | "one" | "none";
  there: "present" | "gone";
  /** A link without base: a run died between write and fold, so nothing is agreed yet. */
  base: "yes" | "no";
};

type RowRule = {
  when: Partial<RowFacts> & Partial<Policies>;
  then: RowAction;
  /** The reason (`reasons.ts`) where the row does not go. */
  code?: string;
  meaning: string;
};

export const rowTable: readonly RowRule[] = [
  { when: { source: "left", link: "none" }, then: "forget", meaning: "it never became a record" },
  { when: { source: "left", there: "gone" }, then: "forget", meaning: "gone on both sides" },
  {
    when: { source: "left", onLeave: "delete" },
    then: "delete",
    meaning: "gone from the source: its record is deleted",
  },
  { when: { source: "left" }, then: "leave", meaning: "gone from the source: onLeave, and its audiences are left" },

  { when: { source: "invalid", link: "none" }, then: "reject", meaning: "its own values are at fault" },
  {
    when: { source: "invalid", there: "gone" },
    then: "reject",
    meaning: "at fault, and nothing there to give a status",
  },
  { when: { source: "invalid" }, then: "status", meaning: "no column is written; exits and membership still are" },

  {
    when: { link: "linked", there: "gone" },
    then: "exclude",
    code: "deleted_there",
    meaning: "somebody deleted the record: never silently made anew",
  },
  { when: { link: "linked", base: "no" }, then: "adopt", meaning: "written by a run that died: nothing agreed yet" },
  {
    when: { link: "linked", mode: "create" },
    then: "update",
    meaning:
      "create only: no mapped column is written, but what its making still owes; its audiences are, and it is woken where we put it to rest",
  },
  { when: { link: "linked" }, then: "update", meaning: "the column table decides" },

  { when: { match: "empty" }, then: "exclude", code: "no_identity", meaning: "nothing to match by" },
  {
    when: { match: "shared" },
    then: "reject",
    code: "match_not_unique",
    meaning: "several source rows, one match value",
  },
  {
    when: { match: "taken" },
    then: "reject",
    code: "match_taken",
    meaning: "the record belongs to another source row",
  },
  {
    when: { match: "several", severalMatches: "reject" },
    then: "reject",
    code: "match_ambiguous",
    meaning: "several records fit",
  },
  { when: { match: "several", mode: "create" }, then: "reject", code: "exists", meaning: "create only, and it exists" },
  { when: { match: "several" }, then: "adopt", meaning: "several records fit: the oldest or newest, as asked" },
  {
    when: { match: "one", mode: "create", there: "gone", deletedThere: "recreate" },
    then: "adopt",
    meaning: "create only: what took the place of the record is linked, and left as it is",
  },
  { when: { match: "one", mode: "create" }, then: "reject", code: "exists", meaning: "create only, and it exists" },
  { when: { match: "one" }, then: "adopt", meaning: "the first link to a record that exists" },
  { when: { match: "none", mode: "update" }, then: "reject", code: "not_found", meaning: "update only, nothing there" },
  { when: { match: "none" }, then: "create", meaning: "new, or made anew, as asked" },
];

/** Whether a row that is there and valid, and whose record somebody deleted, looks for another: it goes by `match` again. */
export const matchedAnew = ({ deletedThere }: Policies): boolean => deletedThere !== "hold";

/**
 * What happens to one membership of a row that is created, adopted, updated, given a status or left. add and remove are
 * sent; take and drop send nothing, but from then on the membership counts as ours, or no longer.
 */
export type MemberAction = "leave" | "add" | "remove" | "take" | "drop";

/** want: the row is in the audience. ours: we hold the record to be a member. there: it is one. */
export type MemberFacts = { want: boolean; ours: boolean; there: boolean };

export const memberTable: readonly { when: Partial<MemberFacts>; then: MemberAction; meaning: string }[] = [
  { when: { want: true, there: false }, then: "add", meaning: "it entered the audience, or somebody took it out" },
  { when: { want: true, ours: false }, then: "take", meaning: "a member already: from now on it is ours" },
  { when: { want: true }, then: "leave", meaning: "nothing new" },
  { when: { ours: false }, then: "leave", meaning: "not in the audience: what others put in stays" },
  { when: { there: true }, then: "remove", meaning: "it left the audience" },
  { when: {}, then: "drop", meaning: "it left the audience, and somebody took it out before us" },
];

/** The first rule of `table` whose every condition holds in `facts`. The tables are complete: none fitting is a bug. */
export function firstRule<Rule extends { when: object }>(table: readonly Rule[], facts: object): Rule {
  const known = facts as Record<string, unknown>;
  const rule = table.find((r) => Object.entries(r.when).every(([name, value]) => known[name] === value));
  if (!rule) throw new Error(`no rule for ${JSON.stringify(facts)}`);
  return rule;
}

/** Create only: of a record that a row meets nothing is written, whatever its lines say. */
export const leftAsItIs = (action: RowAction, { mode }: Policies): boolean =>
  (mode === "create" || mode === "link") && action === "adopt";

/** Whether the mapped columns of such a row may be written. Create only: what its records hold is not looked at again. */
export const writesMapped = (action: RowAction, { mode }: Policies): boolean =>
  action === "create" || action === "adopt" || (action === "update" && mode !== "create");

/** mapped: its value comes from a mapping line. status: it carries an audience, and its value follows from membership. */
export type ColumnRole = "mapped" | "status";

/** The action of a column rule under `policies`. Status columns are ours alone: what others wrote there is put right. */
export function columnAction(rule: ColumnRule, policies: ColumnPolicies, role: ColumnRole): ColumnAction {
  if (typeof rule.then === "string") return rule.then;
  return rule.then.is[role === "status" ? "overwrite" : policies[rule.then.by]];
}
