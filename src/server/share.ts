import type { OnShare, Share } from "../core/connector.ts";
import type { Progress } from "../core/run.ts";
import type { Job } from "../engine/job.ts";
import type { Workplace } from "./workplace.ts";

/** What the process that does a job has to do with other runs on its connection. */
type Others = {
  onShare: OnShare;
  /** Progress of the job: where it was asked to wait, the others wait as well. */
  heard(progress: Progress): void;
};

/**
 * Does `work` while its run has a share of the destination's connection, renewed all the time, where other workers may use
 * the same; alone it has all there is. While the database does not answer, each keeps what it has.
 * Errors: database_unreachable, before `work` begins.
 */
export async function sharing<T>(
  workplace: Workplace,
  { environment, destination, run }: Job,
  work: (others?: Others) => Promise<T>,
): Promise<T> {
  if (!workplace.shared) return work();
  const { releaseShare, renewShare, shareEvery } = await import("../store/share.ts");
  const database = await workplace.history();
  const connection = `${environment}/${destination.connection}`;
  /** When the other side lets us go on: as it was told, and as time that goes on however the clocks are set. */
  let [told, shutUntil] = [0, 0];
  let tell: (share: Share) => void = () => {};
  let asking: Promise<void> | undefined;
  const ask = () => renewShare(database, connection, run, shutUntil - performance.now());
  const renew = () => {
    asking ??= ask()
      .then((share) => tell(share))
      .catch(() => {}) // as with the lease: the next time
      .finally(() => {
        asking = undefined;
      });
  };
  const first = await workplace.asking(ask());
  const timer = setInterval(renew, shareEvery);
  try {
    return await work({
      onShare(given) {
        tell = given;
        tell(first);
      },
      heard({ until = 0 }) {
        if (until === 0 || until === told) return;
        told = until;
        shutUntil = performance.now() + until - Date.now();
        renew();
      },
    });
  } finally {
    clearInterval(timer);
    await asking;
    await releaseShare(database, connection, run).catch(() => {}); // it runs out by itself
  }
}
