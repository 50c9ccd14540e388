/** How long a write that has left is awaited once its run is to stop, in milliseconds. */
export const writeGraceMs = 30_000;
/** How long after that the run may settle: read back what was written, and fold. */
export const settleGraceMs = 60_000;

/** A signal that follows another so many milliseconds after it. `end` lets it go. */
export function delayed(signal: AbortSignal | undefined, ms: number): { signal: AbortSignal; end(): void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => late.abort(signal!.reason), ms).unref();
  };
  if (signal?.aborted) begin();
  else signal?.addEventListener("abort", begin, { once: true });
  return {
    signal: late.signal,
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", begin);
    },
  };
}

/**
 * Asked for before anything is sent. Of a run that is to stop: what it wrote is read back and folded all the same, if that
 * takes no minutes. Else whoever comes next takes it over, as that of a run that died.
 */
export const settling = (signal: AbortSignal) => delayed(signal, writeGraceMs + settleGraceMs);
