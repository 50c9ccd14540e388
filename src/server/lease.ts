import { SluiceError } from "../core/errors.ts";
import { enterFolder, lastLease } from "../store/fence.ts";
import type { Workplace } from "./workplace.ts";

/**
 * Does `work` on a sync while nobody else does. Its lease is kept in the control database where that is a server, and
 * renewed; where the state folder is this process's alone, it only has a number. `lost` is aborted, with the error to end
 * with, when another worker has got the lease. A database that does not answer takes no lease away: nobody else can get
 * one then, and who gets one later leaves its number in the folder.
 * Errors: state_locked, database_unreachable, lease_lost, state_unwritable, disk_full, before `work` begins.
 */
export async function underLease<T>(
  workplace: Workplace,
  { environment, sync, folder }: { environment: string; sync: string; folder: string },
  work: (lease: number, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  if (!workplace.shared) {
    const lease = lastLease(folder) + 1;
    enterFolder(folder, lease);
    return work(lease, lost.signal);
  }
  const { releaseLease, renewEvery, renewLease, self, takeLease } = await import("../store/lease.ts");
  const database = await workplace.history();
  const resource = `${environment}/${sync}`;
  const lease = await workplace.asking(takeLease(database, resource, self, lastLease(folder)));
  let renewing: Promise<void> | undefined;
  const renew = () => {
    renewing ??= renewLease(database, resource, lease)
      .catch(() => true) // the next time
      .then((ours) => {
        renewing = undefined;
        if (!ours)
          lost.abort(
            new SluiceError("lease_lost", `Another worker has taken ${sync} over: this one stood still too long.`),
          );
      });
  };
  const timer = setInterval(renew, renewEvery);
  try {
    enterFolder(folder, lease);
    return await work(lease, lost.signal);
  } finally {
    clearInterval(timer);
    // A renewal that came after the release would lock everybody out for a whole term.
    await renewing;
    await releaseLease(database, resource, lease).catch(() => {}); // it runs out by itself
  }
}
