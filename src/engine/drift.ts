import { z } from "zod";
import type { Choice, Column, ObjectSchema } from "../core/schema.ts";
import type { Shape } from "./shape.ts";

/** What a sync relied on in its last run: kept beside its state, compared before the next run sends anything. */
export type Relied = {
  /** Organisation and table. */
  destination: string;
  columns: Column[];
  /** Columns without which the API makes no record. */
  required: string[];
  /** The alternate key on the match columns, if there was one. */
  key: string | null;
  can: ObjectSchema["can"];
  /** What its audiences filled. */
  memberships: { list: string; title: string }[];
};

/** Only the frame: columns are what this Sluice once wrote, and one written by another is compared as far as it goes. */
export const reliedFile = z.object({
  destination: z.string(),
  columns: z.array(z.looseObject({ name: z.string(), type: z.string() })),
  required: z.array(z.string()),
  key: z.string().nullable(),
  can: z.looseObject({ bulk: z.boolean(), deltas: z.boolean() }),
  memberships: z.array(z.object({ list: z.string(), title: z.string() })),
});

/** One thing that is not as it was. `stops`: nothing can be sent rightly until somebody has decided. */
export type Drift = {
  column?: string;
  what: string;
  stops: boolean;
  /** What the mirror knows of the column is worth nothing any more. */
  anew?: boolean;
};

/** What a sync of this shape relies on. */
export function reliedOn(shape: Shape, destination: string): Relied {
  const { object } = shape;
  const required = object.columns.filter((c) => c.required).map((c) => c.name);
  const key = keyOver(
    object,
    shape.match.map((c) => c.name),
  );
  return {
    destination,
    columns: [...shape.columns, ...shape.parties].map((c) => c.target),
    required,
    key,
    can: object.can,
    memberships: shape.memberships.map(({ list, into }) => ({ list, title: into.title })),
  };
}

/** The name of the active key on exactly the match columns. */
function keyOver(object: ObjectSchema, match: readonly string[]): string | null {
  const columns = [...match].sort().join();
  return object.keys.find((k) => k.active && [...k.columns].sort().join() === columns)?.name ?? null;
}

/** What has happened to columns since then, whether or not the sync still maps them. */
export function columnDrift(relied: Relied, object: ObjectSchema): Drift[] {
  return relied.columns.flatMap((was) => {
    const now = object.columns.find((c) => c.name === was.name);
    const column = was.name;
    const say = (what: string, more: Partial<Drift> = {}) => ({ column, what, stops: false, ...more });
    const full = `${object.name}.${column}`;
    if (!now) return [say(`${full} is not there any more.`, { stops: true })];
    if ((was.create && !now.create) || (was.update && !now.update)) {
      const why = now.computed ? `: it is a ${now.computed} column` : "";
      return [say(`${full} cannot be written any more${why}.`, { stops: true })];
    }
    const again = "its values went with it, so every record is compared once more";
    if (was.type !== now.type) {
      const then = isTime(was) && isTime(now) && was.uid === now.uid ? "every record is compared once more" : again;
      return [say(`${full} was of type ${was.type} and is of type ${now.type} now; ${then}.`, { anew: true })];
    }
    if (was.uid !== undefined && now.uid !== undefined && was.uid !== now.uid)
      return [say(`${full} was removed and made anew; ${again}.`, { anew: true })];
    return [...limits(was, now), ...choices(was, now), ...targets(was, now)].map((what) => say(`${full} ${what}`));
  });
}

/** Only what it says of times can be changed of a column that stays: any other type is another column's. */
const isTime = ({ type }: Column): boolean => type === "date" || type === "datetime";

function limits(was: Column, now: Column): string[] {
  const found: string[] = [];
  const shrunk = (a: number | undefined, b: number | undefined) => b !== undefined && (a === undefined || b < a);
  if (shrunk(was.maxLength, now.maxLength))
    found.push(
      `takes ${now.maxLength} characters now, no longer ${was.maxLength ?? "any number"}: longer values are refused.`,
    );
  if (shrunk(was.max, now.max) || (now.min !== undefined && (was.min === undefined || now.min > was.min)))
    found.push(`takes ${range(now)} now, no longer ${range(was)}: other values are refused.`);
  if (shrunk(was.precision, now.precision))
    found.push(`keeps ${now.precision} digits after the point now, no longer ${was.precision ?? "any number"}.`);
  else if (shrunk(now.precision, was.precision))
    found.push(
      `keeps ${now.precision ?? "any number of"} digits after the point now, no longer ${was.precision}: values of the source that have more than ${was.precision} are sent once more.`,
    );
  if (was.behavior !== now.behavior)
    found.push(`is ${now.behavior ?? "a day"} now, no longer ${was.behavior ?? "a day"}.`);
  if (!was.dateOnly !== !now.dateOnly)
    found.push(
      now.dateOnly
        ? "shows days without their times now: those of the source are sent as days."
        : "shows days with their times now: those of the source are sent with them.",
    );
  if (now.required && !was.required) found.push("must be filled now: rows that leave it empty are refused.");
  return found;
}

const range = ({ min, max }: Column) => `${min ?? "anything"} to ${max ?? "anything"}`;

function choices(was: Column, now: Column): string[] {
  const named = (o: Choice) => `${o.value} ${o.label}`;
  const words = (o: Choice) => new Set([o.label, ...(o.labels ?? [])]);
  const found: string[] = [];
  const gone = (was.choices ?? []).filter((o) => !now.choices?.some((n) => n.value === o.value));
  if (gone.length > 0) found.push(`has no option ${gone.map(named).join(", ")} any more: rows with it are refused.`);
  for (const option of was.choices ?? []) {
    const same = now.choices?.find((n) => n.value === option.value);
    const lost = same ? [...words(option)].filter((word) => !words(same).has(word)) : [];
    if (lost.length > 0)
      found.push(
        `calls option ${option.value} "${same!.label}" now: rows that say "${lost.join('" or "')}" are refused.`,
      );
  }
  return found;
}

function targets(was: Column, now: Column): string[] {
  const gone = (was.targets ?? []).filter((t) => !now.targets?.some((n) => n.object === t.object));
  return gone.length > 0 ? [`cannot point at ${gone.map((t) => t.object).join(" or ")} any more.`] : [];
}

/** The sync as it is now: the columns it maps, those it matches by, and whether it makes records. */
export type Uses = { mapped: ReadonlySet<string>; match: readonly string[]; creates: boolean };

/** What has happened to the table as a whole. */
export function tableDrift(relied: Relied, object: ObjectSchema, { mapped, match, creates }: Uses): Drift[] {
  const found: Drift[] = object.columns
    .filter((c) => c.required && !mapped.has(c.name) && !relied.required.includes(c.name) && creates)
    .map((c) => ({
      column: c.name,
      what: `${object.name} takes no new record without ${c.name} now, and the sync does not map it.`,
      stops: true,
    }));
  const warn = (what: string) => void found.push({ what, stops: false });
  if (relied.key !== null && keyOver(object, match) === null) {
    const key = object.keys.find((k) => k.name === relied.key);
    if (!key) warn(`The key ${relied.key} of ${object.name} is gone: nothing there guards against doubled records.`);
    else if (!key.active)
      warn(
        `The key ${key.name} of ${object.name} is not active: until it is, nothing there guards against doubled records.`,
      );
  }
  if (relied.can.bulk && !object.can.bulk)
    warn(`${object.name} takes one record a call now, no longer many: sending is slower.`);
  if (relied.can.deltas && !object.can.deltas)
    warn(`Changes of ${object.name} are not tracked any more: every run reads the whole table.`);
  return found;
}
