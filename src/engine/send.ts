import type { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import { openBatches, type WaveFile } from "./batches.ts";
import { deliver, stoppedBy } from "./deliver.ts";
import { type Duck, parquetRows } from "./duck.ts";
import { type Guard, guardedParts } from "./guarded.ts";
import { openJournal } from "./journal.ts";
import type { Layout, SentWave } from "./layout.ts";
import type { Planned } from "./plan.ts";
import { keepRequests } from "./requests.ts";
import type { Host } from "./source.ts";

/** One wave of a plan: its change file, into which table, and what its records must still be. */
export type Sendable = { wave: SentWave; object: ObjectSchema; file: WaveFile; guard?: Guard };

/**
 * `attempted`: there was something to send. `requests`: those that wrote, without what was read between them. `stopped`: what
 * ended it before all was sent.
 */
export type Sent = { attempted: boolean; requests: number; stopped?: SluiceError };

type Means = Pick<Planned, "session" | "duck" | "requests"> & { at: Pick<Layout, "requests" | "journal" | "temp"> };

/**
 * Sends a plan's waves one after another, each batch settled in the run's journal. `before` is asked as a wave's turn
 * comes, and says what of it is sent: what went before may have decided that.
 * @throws SluiceError where the journal cannot be written: then the next run finds out what was sent, as after a crash.
 */
export async function sendWaves(
  { session, duck, at, requests }: Means,
  files: Sendable[],
  host: Pick<Host, "signal" | "onProgress" | "mayGoOn">,
  before: (wave: Sendable) => Promise<WaveFile>,
): Promise<Sent> {
  const total = files.reduce((sum, { file }) => sum + file.rows, 0);
  if (total === 0) return { attempted: false, requests: 0 };
  await keepRequests(at, session.wire!, files);
  const journal = await openJournal(at.journal);
  let done = 0;
  let writing = 0;
  try {
    for (const each of files) {
      if (each.file.rows === 0) continue;
      const { wave, object } = each;
      const file = await before(each);
      if (file.rows === 0) continue;
      const onRows = (rows: number) => {
        done += rows;
        host.onProgress({ phase: "deliver", done, total });
      };
      for await (const part of guardedParts({ session, duck, at, journal }, { ...each, file }, host.signal, onRows)) {
        const batches = await openBatches(duck, object, session.wire!, part);
        const earlier = requests();
        const sending = deliver(
          session,
          object,
          { wave, ...part },
          batches,
          journal,
          host.signal,
          onRows,
          host.mayGoOn,
        );
        const { stopped } = await sending.finally(batches.close);
        writing += requests() - earlier;
        if (stopped) throw stopped;
      }
    }
    return { attempted: true, requests: writing };
  } catch (thrown) {
    const stopped = stoppedBy(thrown, host.signal);
    if (stopped.kind === "state") throw stopped;
    return { attempted: true, requests: writing, stopped };
  } finally {
    await journal.close();
  }
}

/** How many changes a file holds. */
export async function rowsIn(duck: Duck, path: string): Promise<number> {
  return (await duck.one<{ rows: number }>(`SELECT count(*) AS rows FROM ${parquetRows(path)}`)).rows;
}
