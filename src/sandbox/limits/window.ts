import type { Figures } from "./figures.ts";

/** What can be exceeded (dataverse.md section 9). */
export type Facet = "requests" | "time" | "concurrency";

/** One user's requests at one web server. `entries` from `head` on are within the window, oldest first. */
export type Usage = {
  entries: Entry[];
  head: number;
  spentMs: number;
  running: number;
  /** Refusals since the last request that came in. */
  refused: number;
  blocked: Block | undefined;
};
export type Entry = { at: number; ms: number };

/** From the first refusal until the window has room; `until` moves away while the user goes on pushing. */
type Block = { facet: "requests" | "time"; until: number; latest: number };

export type Refusal = { facet: Facet; retryAfterMs: number };

export const newUsage = (): Usage => ({
  entries: [],
  head: 0,
  spentMs: 0,
  running: 0,
  refused: 0,
  blocked: undefined,
});

/** The length of the window by the clock. */
export const windowMs = ({ windowSeconds, speed }: Figures): number => (windowSeconds * 1000) / speed;

/**
 * Lets one request in, or tells which limit it exceeds and how long to stay away. What is let in counts as running
 * until `leave`, and its execution time is charged to the returned entry.
 *
 * The service says no more of Retry-After than that it grows with demand and with pushing (api-limits.md). Here it is
 * the time until the window has room; each push lengthens it by a sixtieth of the window, and all together by a fifth of
 * it at most, so that workers who each obey the time they were told all come in again.
 */
export function enter(usage: Usage, figures: Figures, now: number): Entry | Refusal {
  const length = windowMs(figures);
  forget(usage, now - length);
  const { blocked } = usage;
  if (blocked && now < blocked.until) {
    usage.refused++;
    blocked.until = Math.min(blocked.until + length / 60, blocked.latest);
    return { facet: blocked.facet, retryAfterMs: blocked.until - now };
  }
  usage.blocked = undefined;
  const facet = exceeded(usage, figures);
  if (facet === undefined) {
    usage.refused = 0;
    usage.running++;
    const entry = { at: now, ms: 0 };
    usage.entries.push(entry);
    return entry;
  }
  usage.refused++;
  if (facet === "concurrency") return { facet, retryAfterMs: Math.min(usage.refused, 10) * 1000 };
  const until = roomAt(usage, figures, facet) + length;
  usage.blocked = { facet, until, latest: until + length / 5 };
  return { facet, retryAfterMs: until - now };
}

/** Charges execution time to a request that was let in. */
export function charge(usage: Usage, entry: Entry, ms: number): void {
  entry.ms += ms;
  usage.spentMs += ms;
}

/** Ends a request that was let in. */
export function leave(usage: Usage): void {
  usage.running--;
}

/** Requests and milliseconds left in the window, for the headers and the control API. */
export function remaining(usage: Usage, figures: Figures, now: number): { requests: number; ms: number } {
  forget(usage, now - windowMs(figures));
  return {
    requests: Math.max(0, figures.requests - (usage.entries.length - usage.head)),
    ms: Math.max(0, figures.executionMs - usage.spentMs),
  };
}

function exceeded(usage: Usage, figures: Figures): Facet | undefined {
  if (usage.entries.length - usage.head >= figures.requests) return "requests";
  if (usage.spentMs >= figures.executionMs) return "time";
  return usage.running >= figures.concurrency ? "concurrency" : undefined;
}

/** When the request was sent that has to leave the window before there is room again. */
function roomAt(usage: Usage, figures: Figures, facet: "requests" | "time"): number {
  const { entries, head } = usage;
  if (facet === "requests") return entries[entries.length - figures.requests]!.at;
  let left = usage.spentMs;
  let at = head;
  for (; at < entries.length - 1; at++) {
    left -= entries[at]!.ms;
    if (left < figures.executionMs) break;
  }
  return entries[at]!.at;
}

function forget(usage: Usage, until: number): void {
  const { entries } = usage;
  while (usage.head < entries.length && entries[usage.head]!.at <= until) usage.spentMs -= entries[usage.head++]!.ms;
  if (usage.head === entries.length) usage.spentMs = 0;
  if (usage.head > 1000 && usage.head * 2 > entries.length) {
    entries.splice(0, usage.head);
    usage.head = 0;
  }
}
