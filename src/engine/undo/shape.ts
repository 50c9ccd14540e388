import { SluiceError } from "../../core/errors.ts";
import type { MappingLine } from "../../core/project.ts";
import type { Column, ObjectSchema } from "../../core/schema.ts";
import type { Shape, ShapeColumn } from "../shape.ts";

/** The bits of a mask. */
const mostColumns = 64;

/** What a run wrote, as its files name it: `c_name`, and `c_name:table` of a lookup that says which table it means. */
export const bare = (stored: string): string => stored.replace(/:table$/, "");

/**
 * The shape that undo works under: the columns that the run's own files tell of, and those the sync mirrors now, so that
 * the state is told of both; and the record's state and status reason. A record is written only in the version just read, where its table
 * knows versions. Nothing of the source is in it, for undo needs none; `mapping` is asked only which table a lookup of one
 * table means. `lost`: columns that the table has no more.
 * @throws SluiceError not_undoable where they are more than a mask holds.
 */
export function undoShape(
  sync: string,
  object: ObjectSchema,
  names: string[],
  matched: string | undefined,
  mapping: Record<string, MappingLine>,
  { memberships, audiences }: Pick<Shape, "memberships" | "audiences">,
): { shape: Shape; lost: string[] } {
  const known = [...new Set(names)].map((name) => ({
    name,
    target: object.columns.find((c) => c.name === bare(name)),
  }));
  // A record's state may have to be set, and its status reason with it: where a mask has room for them, reading back tells whether they were.
  const states = (["state", "status"] as const).flatMap((type) =>
    object.columns.filter((c) => c.type === type && known.every(({ target }) => target !== c)),
  );
  const all = known.flatMap(({ name, target }) => (target ? [columnOf(name, target, mapping)] : []));
  const room = Math.max(0, mostColumns - all.length);
  const columns = [...all, ...states.slice(0, room).map((c) => columnOf(c.name, c, mapping))].map(
    (c, index): ShapeColumn => ({ ...c, index, ...(ownTable(object, c, "") !== undefined && { awaits }) }),
  );
  if (columns.length > mostColumns)
    throw new SluiceError(
      "not_undoable",
      `The run and the sync as it is now write ${columns.length} columns between them; undo takes ${mostColumns} at most.`,
    );
  const match = (matched ?? "").split(",").flatMap((name) => columns.find((c) => c.name === name) ?? []);
  const policies = {
    mode: "upsert",
    severalMatches: "oldest",
    deletedThere: "hold",
    onLeave: "deactivate",
  } as const;
  const nothing = { parties: [], keyed: false, used: [], computed: [], key: [], refs: [], fingerprint: "" };
  const strict = object.can.concurrency === true;
  const shape = { sync, object, columns, match, policies, memberships, audiences, strict, ...nothing };
  return { shape, lost: known.flatMap(({ name, target }) => (target ? [] : [name])) };
}

/** What deleted records held of one another is written once all of them are there again. */
const awaits: NonNullable<ShapeColumn["awaits"]> = [];

const overwrite = { firstContact: "overwrite", drift: "overwrite", conflict: "overwrite" } as const;

function columnOf(name: string, target: Column, mapping: Record<string, MappingLine>): Omit<ShapeColumn, "index"> {
  const tabled = name !== bare(name);
  const targets = tabled ? (target.targets ?? []).map((t) => t.object) : oneTable(target, mapping);
  const wire = { name: target.name, ...(targets && { targets }) };
  return {
    name: target.name,
    wire,
    target,
    role: "mapped",
    policies: overwrite,
    ...(tabled && { tabled }),
    clear: false,
  };
}

/**
 * SQL: the id of another record of the table in a lookup's value, NULL where it points elsewhere; undefined of a column that never
 * points there, or can never be told to.
 */
export function ownTable(
  { name }: ObjectSchema,
  { target, tabled }: { target: Column; tabled?: boolean },
  value: string,
): string | undefined {
  const targets = target.type === "lookup" && target.update ? (target.targets ?? []) : [];
  if (!targets.some((t) => t.object === name) || (targets.length > 1 && !tabled)) return undefined;
  return tabled ? `CASE WHEN starts_with(${value}, '${name}:') THEN substr(${value}, ${name.length + 2}) END` : value;
}

/** The one table that a lookup's plain ids are of; undefined where nobody says. */
function oneTable(
  { type, name, title, targets = [] }: Column,
  mapping: Record<string, MappingLine>,
): string[] | undefined {
  if (type !== "lookup") return undefined;
  if (targets.length === 1) return [targets[0]!.object];
  const said = [name, title].map((each) => each.toLowerCase());
  const line = Object.entries(mapping).find(([column]) => said.includes(column.toLowerCase()));
  const object = line?.[1].lookup?.[0]?.object?.toLowerCase();
  return object === undefined ? undefined : [object];
}

/** Whether undo can write the column: Dynamics takes it in updates, and where it is a lookup, which table it means is known. */
export const canWrite = ({ target, wire }: ShapeColumn): boolean =>
  target.update && (target.type !== "lookup" || wire.targets !== undefined);
