import { readFile, rename, writeFile } from "node:fs/promises";
import type { Batch, RowRequest, Session, Wire } from "../core/connector.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { elementSql, type WaveFile } from "./batches.ts";
import { namingDamage } from "./damage.ts";
import { type Duck, lockDown, openDuck, parquetRows, text } from "./duck.ts";
import { exists, type Layout, runFiles, type SentWave, type Wave } from "./layout.ts";
import { readJournal, sentChanges } from "./sql/settle.ts";

/** `element`: SQL of a change's JSON, over the columns of the wave's file. */
type KeptWave = Pick<WaveFile, "op" | "into"> & { wave: Wave; element: string; guarded: boolean };

/** Of the table only what its requests need. */
type Kept = { object: ObjectSchema; waves: KeptWave[] };

/** What is asked of a wave that is to be sent. */
type Ready = { wave: SentWave; object: ObjectSchema; file: WaveFile; guard?: unknown };

/**
 * Keeps how the changes of the sync's own table become JSON: what is sent can then be shown at any time, from the change files alone.
 * Records made for lookups are of no row.
 */
export async function keepRequests(at: Pick<Layout, "requests">, wire: Wire, files: readonly Ready[]): Promise<void> {
  const own = files.filter(({ wave, file }) => !wave.startsWith("0-parents-") && file.rows > 0);
  const [first] = own;
  if (!first) return;
  const sent = new Set(own.flatMap(({ file }) => file.columns.map((c) => c.wire.name)));
  const columns = first.object.columns.filter((c) => sent.has(c.name)).map(({ choices: _, ...column }) => column);
  const waves = own.map(({ wave, object, file, guard }): KeptWave => {
    const { op, into } = file;
    const guarded = guard !== undefined && (op === "update" || op === "delete");
    return { wave: wave as Wave, op, ...(into && { into }), element: elementSql(object, wire, file), guarded };
  });
  const kept: Kept = { object: { ...first.object, columns, keys: [] }, waves };
  await writeFile(`${at.requests}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${at.requests}.new`, at.requests);
}

/** A change that was not taken, as it is sent. `guarded`: it then also named the version of its record, which nobody keeps. */
export type NotTaken = { object: ObjectSchema; status: string; guarded: boolean; request: RowRequest };

/**
 * The first change of a row that the destination did not take in a run (`folder`), or that did not reach it; undefined
 * where the run sent nothing of that row, all was taken, or its before-images are removed. Error: state_broken.
 */
export function notTaken(folder: string, key: string, session: Session): Promise<NotTaken | undefined> {
  return namingDamage([folder], () => findNotTaken(folder, key, session));
}

async function findNotTaken(folder: string, key: string, session: Session): Promise<NotTaken | undefined> {
  const files = runFiles(folder);
  const kept = await readKept(files.requests);
  if (!kept || !session.request) return undefined;
  const duck = await openDuck({ memoryLimit: "256MB", threads: 1, temp: folder });
  try {
    await lockDown(duck, [], [folder]);
    for (const statement of readJournal((await exists(files.journal)) ? files.journal : undefined))
      await duck.run(statement);
    const waves = kept.waves.map(({ wave }) => wave);
    await duck.run(sentChanges(waves, files.change, `key = ${text(key)}`));
    const [change] = await duck.all<{ wave: Wave; n: number; id: string | null; status: string }>(
      `SELECT wave, n, id, status FROM sent WHERE status NOT IN ('created', 'updated', 'deleted')
  AND (id IS NOT NULL OR wave = '1-create') ORDER BY status = 'unsent', wave, n LIMIT 1`,
    );
    if (!change) return undefined;
    const { wave, guarded, ...of } = kept.waves.find((each) => each.wave === change.wave)!;
    const element = await elementOf(duck, files.change(wave), of.element, change.n);
    const request = await session.request(kept.object, batchOf(of, { ...change, key }, element));
    return { object: kept.object, status: change.status, guarded, request };
  } finally {
    await duck.close();
  }
}

async function readKept(path: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Kept;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

async function elementOf(duck: Duck, file: string, element: string, n: number): Promise<string> {
  const from = `${parquetRows(file, "file_row_number=true")} WHERE file_row_number = ${n}`;
  return (await duck.one<{ e: string }>(`SELECT ${element} AS e FROM ${from}`)).e;
}

function batchOf(
  { op, into }: Pick<WaveFile, "op" | "into">,
  { n, id, key }: { n: number; id: string | null; key: string },
  element: string,
): Batch {
  const batch: Batch = {
    op,
    ...(into && { into }),
    ...{ from: n, to: n + 1, rows: 1, elements: Buffer.from(element) },
    keys: async () => [{ n, id, key }],
    split: async () => [batch],
  };
  return batch;
}
