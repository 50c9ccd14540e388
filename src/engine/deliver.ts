import type { Batch, BatchOutcome, Pace, RowOutcome, Session } from "../core/connector.ts";
import { endedBy, SluiceError } from "../core/errors.ts";
import type { ObjectSchema } from "../core/schema.ts";
import type { Batches, WaveFile } from "./batches.ts";
import type { Journal } from "./journal.ts";
import type { SentWave } from "./layout.ts";

/** For a destination that does not say what it takes. */
const modest: Pace = { atOnce: 8, rows: 100 };

/**
 * Sends a wave's changes in batches, as many and as large as the destination says it takes at that moment, each settled
 * in the journal before its place takes the next. A row's fault is an outcome; what the connector throws means that
 * nothing of the batch was written: the rest is not sent and the error comes back as `stopped`, so that what is settled
 * can still be folded.
 */
export async function deliver(
  session: Session,
  object: ObjectSchema,
  { wave, op, guarded }: { wave: SentWave } & Pick<WaveFile, "op" | "guarded">,
  batches: Batches,
  journal: Journal,
  signal: AbortSignal,
  onRows: (rows: number) => void,
  mayGoOn = () => {},
): Promise<{ stopped?: SluiceError }> {
  const pace = () => session.pace?.(object, op, guarded) ?? modest;
  let stopped: SluiceError | undefined;
  let ended = false;
  const one = async () => {
    try {
      const batch = await batches.next(pace().rows);
      if (!batch) ended = true;
      if (!batch || stopped || signal.aborted) return;
      mayGoOn();
      const outcome = await session.write!(object, batch, signal);
      await journal.append(line(wave, batch, outcome));
      onRows(batch.rows);
    } catch (thrown) {
      // A fault weighs more than what merely follows from a wish to stop.
      if (!stopped || stopped.kind === "interrupted") stopped = stoppedBy(thrown, signal);
    }
  };
  await new Promise<void>((resolve) => {
    let running = 0;
    const fill = () => {
      while (!ended && !stopped && !signal.aborted && running < Math.max(1, pace().atOnce)) {
        running++;
        void one().finally(() => {
          running--;
          fill();
        });
      }
      if (running === 0) resolve();
    };
    fill();
  });
  if (!stopped && signal.aborted) stopped = interrupted(signal);
  return stopped ? { stopped } : {};
}

/** What stops the sending, of something thrown on the way. */
export const stoppedBy = (thrown: unknown, signal: AbortSignal): SluiceError =>
  signal.aborted ? endedBy(thrown, interrupted(signal)) : SluiceError.from(thrown);

const interrupted = ({ reason }: AbortSignal): SluiceError =>
  reason instanceof SluiceError ? reason : new SluiceError("interrupted", "The run was stopped before all was sent.");

function line(wave: SentWave, batch: Batch, outcome: BatchOutcome) {
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
