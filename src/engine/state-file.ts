import { chmod, mkdir } from "node:fs/promises";
import { SluiceError } from "../core/errors.ts";
import { type UndoneMark, undoneMark } from "../core/guards.ts";
import { putBackLeft } from "./aside.ts";
import type { Duck } from "./duck.ts";
import type { Layout } from "./layout.ts";
import { openState } from "./open-state.ts";
import type { Shape } from "./shape.ts";
import {
  addColumn,
  createTables,
  type ExistingColumn,
  existingColumns,
  missingColumns,
  valueViews,
} from "./sql/tables.ts";

/**
 * What the state says of itself. `turn` numbers the folded runs; `fingerprint` is that of the mapping last folded for all rows, and
 * `mirrored` are its columns, with those of runs about some rows since: each row has met them but where `unmet` says otherwise, and
 * where there is a cursor the mirror is up to date in them.
 */
export type Meta = {
  turn: number;
  fingerprint: string | undefined;
  engine: string | undefined;
  cursors: Record<string, string>;
  /** When the cursors were got. */
  read: string | undefined;
  mirrored: string[];
  /** The last folded run took another one back, and nobody has let the sync go on since. */
  undone: UndoneMark | undefined;
  /** Why more rows than usual may be changed, since before the last run that sent all it was to send. */
  moved: string[];
  /** The columns the sync matched by. */
  matched: string | undefined;
  columns: ExistingColumn[];
};

/**
 * Makes the run's folders and attaches the sync's state as `st`, new where there is none.
 * `destination` names the organisation and the table: links and cursors of another mean nothing there.
 * @throws SluiceError state_elsewhere, and what `openState` throws.
 */
export async function attachState(duck: Duck, at: Layout, destination: string): Promise<Meta> {
  await putBackLeft(at);
  await openState(duck, at.state);
  await chmod(at.state, 0o600);
  for (const statement of createTables) await duck.run(statement);
  const meta = new Map(
    (await duck.all<{ name: string; value: string }>("SELECT name, value FROM st.meta")).map((m) => [m.name, m.value]),
  );
  const known = meta.get("destination");
  if (known !== undefined && known !== destination) throw stateElsewhere(at.state, known, destination);
  return {
    turn: Number(meta.get("turn") ?? 0),
    fingerprint: meta.get("fingerprint"),
    engine: meta.get("engine"),
    cursors: Object.fromEntries([...meta].filter(([name]) => name.startsWith("cursor:"))),
    read: meta.get("read"),
    matched: meta.get("matched"),
    mirrored: JSON.parse(meta.get("mirrored") ?? "[]") as string[],
    moved: JSON.parse(meta.get("moved") ?? "[]") as string[],
    undone: meta.has("undone") ? undoneMark.parse(JSON.parse(meta.get("undone")!)) : undefined,
    columns: await duck.all(existingColumns),
  };
}

export const stateElsewhere = (state: string, known: string, destination: string): SluiceError =>
  new SluiceError("state_elsewhere", `${state} tells what is in ${known}, but the sync now writes to ${destination}.`);

/** Gives the state's tables the columns that a mapping needs, and makes their views anew (`valueViews`). */
export async function growTables(duck: Duck, shape: Shape, matched: string | undefined): Promise<void> {
  const existing = await duck.all<ExistingColumn>(existingColumns);
  const missing = missingColumns(shape, existing);
  for (const column of missing) await duck.run(addColumn(column));
  for (const statement of valueViews(shape, [...existing, ...missing], matched)) await duck.run(statement);
}

/** The last run whose end the attached state knows; undefined before the first. */
export async function lastFolded(duck: Duck, state: "st" | "beside" = "st"): Promise<string | undefined> {
  const [folded] = await duck.all<{ value: string }>(`SELECT value FROM ${state}.meta WHERE name = 'folded'`);
  return folded?.value;
}

/**
 * Whether a cursor got then is still to be gone by (`Session.cursorLife`). Of one from the future nobody knows how old it is:
 * the clock has been put back since.
 */
export function young(read: string | undefined, now: number, life = Number.POSITIVE_INFINITY): boolean {
  const age = now - Date.parse(read ?? "");
  return age >= 0 && age < life;
}

/** Makes folders only the owner may enter. */
export async function makeFolders(at: Layout): Promise<void> {
  try {
    await mkdir(at.temp, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOSPC")
      throw new SluiceError("disk_full", "The disk that holds the state folder is full.", { cause: thrown });
    throw new SluiceError("state_unwritable", `The state folder ${at.run} cannot be made (${code}).`, {
      cause: thrown,
    });
  }
}
