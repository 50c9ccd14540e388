import { setTimeout as delay } from "node:timers/promises";

/** Time and chance, handed in so that tests decide both. Milliseconds. */
export type Clock = {
  /** For durations: it only goes on, however the machine's clock is set meanwhile. */
  now(): number;
  /** Since 1970, by the machine's clock: for moments that others tell us, or that we tell them. */
  date(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 (inclusive) to 1 (exclusive). */
  random(): number;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: Math.random,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown;
    }
  },
};

/** Pauses between tries grow from the first to the longest, in milliseconds. */
export const FIRST = 500;
export const LONGEST = 30_000;

export type Patience = {
  /** Waits `ms` (or the next, longer, jittered pause). False, at once, when that would go past the limit. */
  pause(ms: number | undefined, signal: AbortSignal | undefined): Promise<boolean>;
};

/** How long one request may spend waiting, all its pauses together: `limit` milliseconds. */
export function patience(clock: Clock, limit: number): Patience {
  let waited = 0;
  let next = FIRST;
  return {
    async pause(ms, signal) {
      const length = ms ?? next * (0.5 + clock.random() / 2);
      if (ms === undefined) next = Math.min(next * 2, LONGEST);
      if (waited + length > limit) return false;
      waited += length;
      await clock.sleep(length, signal);
      return true;
    },
  };
}

/** The pause a `Retry-After` header asks for, in milliseconds: seconds or an HTTP date; undefined when there is none. */
export function retryAfter(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.date());
}
