import { access, chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "../core/errors.ts";
import { type Duck, text } from "./duck.ts";
import { type Layout, runFiles } from "./layout.ts";
import { readJournal } from "./sql/settle.ts";
import { createTables, existingColumns, stateVersion } from "./sql/tables.ts";

/**
 * What the state says of itself. `turn` numbers the folded runs; `fingerprint` is that of the mapping last folded, and
 * `mirrored` are its columns: the ones the mirror is up to date in.
 */
export type Meta = {
  turn: number;
  fingerprint: string | undefined;
  engine: string | undefined;
  cursors: Record<string, string>;
  mirrored: string[];
  columns: { table: string; name: string }[];
};

/**
 * Makes the run's folders and attaches the sync's state as `st`, new where there is none.
 * @throws SluiceError state_locked, state_newer, state_unwritable, disk_full.
 */
export async function attachState(duck: Duck, at: Layout): Promise<Meta> {
  await duck.run(`ATTACH ${text(at.state)} AS st`);
  await chmod(at.state, 0o600);
  for (const statement of createTables) await duck.run(statement);
  const meta = new Map(
    (await duck.all<{ name: string; value: string }>("SELECT name, value FROM st.meta")).map((m) => [m.name, m.value]),
  );
  const version = Number(meta.get("version") ?? stateVersion);
  if (version > stateVersion)
    throw new SluiceError(
      "state_newer",
      `${at.state} was written by a newer Sluice (state version ${version}; this one knows ${stateVersion}).`,
    );
  return {
    turn: Number(meta.get("turn") ?? 0),
    fingerprint: meta.get("fingerprint"),
    engine: meta.get("engine"),
    cursors: Object.fromEntries([...meta].filter(([name]) => name.startsWith("cursor:"))),
    mirrored: JSON.parse(meta.get("mirrored") ?? "[]") as string[],
    columns: await duck.all(existingColumns),
  };
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

/**
 * Takes over what runs that died had already created: their journals tell key and id, so the rows are linked, without
 * a base, and this run compares them with the destination like any record met for the first time. Without the journal
 * the match finds them; with it even a destination that rewrites the match column does.
 */
export async function recover(duck: Duck, at: Layout, run: string): Promise<number> {
  let links = 0;
  for (const name of (await readdir(at.runs)).sort()) {
    if (name === run) continue;
    const old = runFiles(join(at.runs, name));
    if ((await exists(old.done)) || (await exists(old.plan))) continue;
    if ((await exists(old.journal)) && (await exists(old.change("1-create")))) {
      await duck.run(readJournal(old.journal));
      await duck.run(`CREATE OR REPLACE TEMP TABLE orphan AS
SELECT c.key, lower(coalesce(u.id, c.id)) AS id, c.match_value FROM (SELECT unnest(i) AS u FROM line WHERE w = '1-create')
JOIN read_parquet(${text(old.change("1-create"))}, file_row_number=true) c ON c.file_row_number = u.n
WHERE c.key NOT IN (SELECT key FROM st.link WHERE id IS NOT NULL)`);
      await duck.run("BEGIN TRANSACTION");
      await duck.run("DELETE FROM st.link WHERE key IN (SELECT key FROM orphan)");
      // Hash 0: known, but never looked at, so this run looks whether the row is still there or has left.
      await duck.run("INSERT INTO st.link(key, id, h, m) SELECT key, id, 0, match_value FROM orphan");
      await duck.run("COMMIT");
      links += (await duck.one<{ n: number }>("SELECT count(*) AS n FROM orphan")).n;
    }
    await writeFile(old.done, JSON.stringify({ status: "interrupted" }), { mode: 0o600 });
  }
  return links;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
