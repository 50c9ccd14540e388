import type { Batch, BatchOutcome, RowOutcome, Session } from "../core/connector.ts";
import { SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import type { openJournal } from "./journal.ts";
import type { Wave } from "./layout.ts";

/** Requests in flight. The documented throughput guidance gives 52 as the limit for one user; adapting comes later. */
const inFlight = 8;

type Journal = Awaited<ReturnType<typeof openJournal>>;

/**
 * Sends a wave's batches, several at once, each settled in the journal before its place takes the next. A row's fault
 * is an outcome; what the connector throws means that nothing of the batch was written: the rest is not sent and the
 * error comes back as `stopped`, so that what is settled can still be folded.
 */
export async function deliver(
  session: Session,
  object: ObjectSchema,
  wave: Wave,
  batches: AsyncIterable<Batch>,
  journal: Journal,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<{ stopped?: SluiceError }> {
  const source = batches[Symbol.asyncIterator]();
  let stopped: SluiceError | undefined;
  // A generator answers its calls one after another, so the workers may all ask at once.
  const worker = async () => {
    while (!stopped && !signal.aborted) {
      const next = await source.next();
      if (next.done) return;
      const batch = next.value;
      try {
        const outcome = await session.write!(object, batch, signal);
        await journal.append(line(wave, batch, outcome));
        onRows(batch.rows);
      } catch (thrown) {
        stopped ??= signal.aborted ? interrupted() : SluiceError.from(thrown);
      }
    }
  };
  const done = await Promise.allSettled(Array.from({ length: inFlight }, worker));
  await source.return?.();
  for (const result of done) if (result.status === "rejected") stopped ??= SluiceError.from(result.reason);
  if (!stopped && signal.aborted) stopped = interrupted();
  return stopped ? { stopped } : {};
}

const interrupted = () => new SluiceError("interrupted", "The run was stopped before all was sent.");

function line(wave: Wave, batch: Batch, outcome: BatchOutcome) {
  return {
    w: wave,
    f: batch.from,
    t: batch.to,
    s: outcome.status,
    i: outcome.ids ?? [],
    x: outcome.exceptions.map(whole),
  };
}

/** Half a character, where a message was cut, would make the line unreadable to DuckDB, and a batch's outcome lost. */
function whole(outcome: RowOutcome): RowOutcome {
  return outcome.message === undefined ? outcome : { ...outcome, message: outcome.message.toWellFormed() };
}
