import type { Share } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import { type Clock, retryAfter } from "./clock.ts";
import type { Exchange } from "./exchange.ts";
import { classify } from "./faults.ts";
import { atOnce, type Limiter, type News, newLimiter, returned, shared, started, wait } from "./limiter.ts";
import type { Tokens } from "./token.ts";

/** One application user: any request may go by any of them. */
export type Lane = {
  tokens: Tokens;
  limiter: Limiter;
  /** The token that was last accepted. */
  good?: string;
};

/** `maxShut`: how long a request may be kept waiting by Retry-After, in milliseconds. `onWait`: until when, if long. */
type Means = { clock: Clock; maxShut: number; onWait: (until: number) => void };

export type Gate = {
  /**
   * Waits for its turn and gives the user to go by; the caller must `leave`. `since`: when this request first tried.
   * @throws SluiceError throttled as soon as it is known that the wait would be longer than the host allows.
   */
  enter(doing: string, since: number, signal?: AbortSignal): Promise<Lane>;
  leave(lane: Lane, news: News): void;
  /** Requests that all users together may have under way now. */
  atOnce(): number;
  /** Other runs use the same users: each of them keeps to this share. */
  share(share: Share): void;
};

/** A wait that a person at the screen would like to be told of, in milliseconds. */
const LONG = 2_000;

/** Lets requests through in the order they came, each as soon as one of the users may send it. */
export function openGate(lanes: readonly Lane[], { clock, maxShut, onWait }: Means): Gate {
  /** The last wait that was told, which is told again in the same words while it lasts. */
  let told = { openAt: 0, until: 0 };
  let last: Promise<unknown> = Promise.resolve();
  let wake = () => {};

  async function admit(doing: string, since: number, signal: AbortSignal | undefined): Promise<Lane> {
    for (;;) {
      signal?.throwIfAborted();
      const now = clock.now();
      const { lane, ms } = soonest(lanes, now);
      if (ms === 0) {
        lane.limiter = started(lane.limiter, now);
        return lane;
      }
      const openAt = Math.min(...lanes.map(({ limiter }) => limiter.openAt));
      const shut = openAt - now;
      if (shut > 0 && now + shut - since > maxShut) throw throttled(shut, doing);
      if (shut > LONG) {
        if (told.openAt !== openAt) told = { openAt, until: Math.round(clock.date() + shut) };
        onWait(told.until);
      }
      await rest(ms, signal);
    }
  }

  /** Until then, or until a request returns: its user may be free then. */
  async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const nudge = new AbortController();
    const freed = new Promise<void>((resolve) => {
      wake = () => {
        nudge.abort();
        resolve();
      };
    });
    if (ms === Number.POSITIVE_INFINITY) return freed;
    try {
      await clock.sleep(ms, signal ? AbortSignal.any([signal, nudge.signal]) : nudge.signal);
    } catch (thrown) {
      if (!nudge.signal.aborted) throw thrown;
    }
  }

  return {
    enter(doing, since, signal) {
      const mine = last.then(() => admit(doing, since, signal));
      last = mine.catch(() => {});
      return mine;
    },
    leave(lane, news) {
      lane.limiter = returned(lane.limiter, clock.now(), news);
      wake();
    },
    atOnce: () => lanes.reduce((sum, { limiter }) => sum + atOnce(limiter.limit), 0),
    share(share) {
      for (const lane of lanes) lane.limiter = shared(lane.limiter, clock.now(), share);
      wake();
    },
  };
}

export const newLane = (tokens: Tokens): Lane => ({ tokens, limiter: newLimiter() });

/** The user that may send first; of several, the one with the most room. */
function soonest(lanes: readonly Lane[], now: number): { lane: Lane; ms: number } {
  const load = ({ limiter }: Lane) => limiter.running / limiter.limit;
  const waits = lanes.map((lane) => ({ lane, ms: wait(lane.limiter, now) }));
  return waits.reduce((best, one) =>
    one.ms < best.ms || (one.ms === best.ms && load(one.lane) < load(best.lane)) ? one : best,
  );
}

function throttled(ms: number, doing: string): SluiceError {
  return new SluiceError("throttled", `Dynamics 365 asks us to wait ${Math.ceil(ms / 1000)} s, trying to ${doing}.`, {
    retryAfterMs: Math.ceil(ms),
  });
}

/** An answer that takes longer than this, in milliseconds, shows a service with too much to do. */
const SLOW = 30_000;
/** Of the three limits, the one on concurrent requests (dataverse.md section 9). */
const TOO_MANY_AT_ONCE = "0x80072326";

/** What a request tells of the load. Only a 429 shuts the gate: any other pause concerns the one request. */
export function newsOf(result: Exchange, ms: number, clock: Clock): Omit<News, "startedAt"> {
  if (result.kind === "unreachable") return {};
  if (result.kind === "lost") return { load: "crowded" };
  const { answer } = result;
  const recommended = Number(answer.header("x-ms-dop-hint"));
  const hint = Number.isInteger(recommended) && recommended > 0 ? recommended : undefined;
  if (answer.status < 300) return { hint, load: ms > SLOW ? "crowded" : "well" };
  const { kind, code } = classify(answer);
  if (kind === "busy" || kind === "down") return { hint, load: "crowded" };
  if (kind !== "throttled") return { hint };
  const asked = retryAfter(answer.header("retry-after"), clock) || undefined; // 0 would be a busy loop
  return { hint, load: code === TOO_MANY_AT_ONCE ? "crowded" : "spent", retryAfter: asked };
}
