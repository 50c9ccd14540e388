import { counted } from "../../core/counted.ts";
import type { GuardCode, UndoneMark } from "../../core/guards.ts";
import type { SyncFile } from "../../core/project.ts";
import { mostRows } from "./limit.ts";

/** What the guards look at: figures of a plan, read in one go. All are rows unless said otherwise. */
export type Figures = {
  /** With a key, in the source. */
  received: number;
  /** Of the source, when it was last looked at. */
  known: number;
  /** How many were in each audience, and how many are now. */
  audiences: { name: string; before: number; now: number }[];
  /** Known rows that leave, each once in `all`; by kind one may count twice. */
  leaves: { all: number; deleted: number; changed: number; exits: number };
  /** Records that exist and would be changed: of known rows, and met for the first time. `met` are all of the latter. */
  changes: { known: number; first: number; met: number };
  /** Why more rows than usual may be changed: what is not as it was in the last run. */
  moved: string[];
  /** Requests so far, and one for each row that would be written: how Dynamics counts them against the entitlement. */
  requests: number;
  undone: UndoneMark | undefined;
};

export type Says = Pick<SyncFile, "leaveLimit" | "deleteLimit" | "changeLimit" | "requestLimit" | "onLeave">;

/**
 * Why a plan had better be looked at. `look`: what at. `place`: the file at fault; `setting`: the key of the sync that
 * lets more pass.
 */
export type Finding = {
  code: GuardCode;
  message: string;
  look: string;
  place?: string;
  setting?: keyof Says;
};

type Rule = (of: Figures, says: Says, names: { sync: string; model: string }) => Finding[];

/** A source that came back empty is far likelier broken than true. */
const sourceEmpty: Rule = ({ received, known }, _, { model }) => {
  if (received > 0 || known === 0) return [];
  const message = `The model ${model} came back empty, though ${known} of its rows are known.`;
  return [
    { code: "source_empty", message, look: "Look whether the source is complete.", place: `models/${model}.yaml` },
  ];
};

const audienceEmpty: Rule = ({ audiences }) =>
  audiences
    .filter(({ before, now }) => before > 0 && now === 0)
    .map(({ name, before }) => ({
      code: "audience_empty",
      message: `The audience ${name} came back empty, though it had ${counted(before, "row", "rows")}.`,
      look: "Look whether its query and its data are complete.",
      place: `audiences/${name}.yaml`,
    }));

/** A row counts as leaving when its record would be deleted, deactivated, cleared, or taken out of an audience. */
const leaves: Rule = ({ known, leaves: of }, { leaveLimit, onLeave }) => {
  const most = mostRows(leaveLimit, known);
  if (of.all <= most) return [];
  const kinds = [
    [of.deleted, "deleted"],
    [of.changed, onLeave === "clear" ? "cleared" : "deactivated"],
    [of.exits, "taken out of an audience"],
  ] as const;
  const words = kinds.flatMap(([n, what]) => (n > 0 ? [`${n} ${what}`] : []));
  const message = `${of.all} of ${counted(known, "known row", "known rows")} would leave (${words.join(", ")}); this sync lets ${most} leave in one run.`;
  return [{ code: "too_many_leaves", message, look: "Look whether the source is complete.", setting: "leaveLimit" }];
};

/** Deletes count as leaves, too, but cannot be taken back in full, so they are approved by their own name. */
const deletes: Rule = ({ known, leaves: { deleted } }, { deleteLimit, leaveLimit }) => {
  const most = mostRows(deleteLimit ?? leaveLimit, known);
  if (deleted <= most) return [];
  const message = `${counted(deleted, "record", "records")} of ${counted(known, "known row", "known rows")} would be deleted; this sync lets ${most} be deleted in one run.`;
  return [{ code: "too_many_deletes", message, look: "Look which are gone from the source.", setting: "deleteLimit" }];
};

/**
 * Changes are what a sync is for, so without a limit only those count that come of something else than the source: a
 * mapping that is another than in the last run, or a column made anew.
 */
const changes: Rule = ({ known, changes: of, moved }, { changeLimit }) => {
  if (changeLimit === undefined && moved.length === 0) return [];
  const changed = changeLimit === undefined ? of.known : of.known + of.first;
  const all = changeLimit === undefined ? known : known + of.met;
  const most = mostRows(changeLimit, all);
  if (changed <= most) return [];
  const message = `${changed} of ${counted(all, "record", "records")} would be changed; this sync lets ${most} be changed in one run.`;
  const look = "Look at the plan.";
  return [{ code: "too_many_changes", message: [message, ...moved].join(" "), look, setting: "changeLimit" }];
};

/** Records that people made meet the sync for the first time: what they hold would be overwritten. */
const firstContact: Rule = ({ known, changes: { first, met } }, { changeLimit }) => {
  if (changeLimit !== undefined) return [];
  const most = mostRows(undefined, known);
  if (first <= most) return [];
  const message = `${counted(met, "record that was there already is", "records that were there already are")} met for the first time, and ${first} of them would be changed; ${most} may be without a look.`;
  const look = "Look at the plan, and whether `firstContact` says what is meant.";
  return [{ code: "first_contact", message, look, setting: "changeLimit" }];
};

const requests: Rule = ({ requests: needed }, { requestLimit }) => {
  if (requestLimit === undefined || needed <= requestLimit) return [];
  const message = `The run would need about ${counted(needed, "request", "requests")}, each written row counting as one; this sync lets ${requestLimit} pass.`;
  const look = "Look whether today's entitlement has room for them.";
  return [{ code: "request_budget", message, look, setting: "requestLimit" }];
};

/** Else the next run would undo the undo. */
const undone: Rule = ({ undone: of }, _, { sync }) => {
  if (!of) return [];
  const message = `Run ${of.run} was undone by ${of.by} on ${of.at}: a run of ${sync} would bring back what was taken back.`;
  return [{ code: "undone", message, look: "Look at the plan, and whether the cause is mended." }];
};

/** All that stands against a plan, the gravest first. Pure. */
export function judge(...[of, says, names]: Parameters<Rule>): Finding[] {
  const rules = [undone, sourceEmpty, audienceEmpty, leaves, deletes, firstContact, changes, requests];
  return rules.flatMap((rule) => rule(of, says, names));
}
