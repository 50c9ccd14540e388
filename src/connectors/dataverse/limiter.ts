import type { Share } from "../../core/connector.ts";

/**
 * How many requests one application user has under way, and from when on: Dataverse's limits are per user and web
 * server (dataverse.md section 9). Additive increase, multiplicative decrease. Times are milliseconds of the clock.
 */
export type Limiter = {
  /** Requests at once; grows by fractions. */
  limit: number;
  /** The limit never grows beyond: fewer than MOST where other runs use the same user. */
  most: number;
  running: number;
  /** No request starts before this moment: the service asked us to stay away. */
  openAt: number;
  /** No request starts before this moment: they are spread out, see `started`. */
  nextAt: number;
  /** How long requests take, smoothed. */
  usual: number;
  /** Requests that started before this moment ran under a limit that has been cut since: they cut no more. */
  cutAt: number;
  /** The parallelism that the environment recommends, once it did (x-ms-dop-hint). */
  hint?: number;
};

/**
 * What an answer says about the load. crowded: too many at once, failing, or slow. spent: the requests or the execution
 * time of five minutes are used up, however few ran at once.
 */
export type Load = "well" | "crowded" | "spent";

/** `load`: undefined where it says nothing. `hint`, `retryAfter` (milliseconds): where the answer has them. */
export type News = {
  load?: Load | undefined;
  startedAt: number;
  hint?: number | undefined;
  retryAfter?: number | undefined;
};

/** What a user may have under way (dataverse.md section 9). */
export const MOST = 52;
const FIRST = 4;

export const newLimiter = (): Limiter => ({
  limit: FIRST,
  most: MOST,
  running: 0,
  openAt: 0,
  nextAt: 0,
  usual: 0,
  cutAt: 0,
});

/** Milliseconds until a request may start; Infinity: not before one has returned. */
export function wait({ limit, running, openAt, nextAt }: Limiter, now: number): number {
  if (running >= atOnce(limit)) return Number.POSITIVE_INFINITY;
  return Math.max(0, openAt - now, nextAt - now);
}

export const atOnce = (limit: number): number => Math.max(1, Math.floor(limit));

/**
 * A request starts. The next one may follow after its share of the usual time: requests that all start at once,
 * after a pause say, would all be refused at once, and each refusal lengthens the time to stay away.
 */
export function started(limiter: Limiter, now: number): Limiter {
  const { running, usual, limit } = limiter;
  return { ...limiter, running: running + 1, nextAt: now + usual / limit };
}

/** A request returned, whatever became of it. */
export function returned(limiter: Limiter, now: number, news: News): Limiter {
  const { load, startedAt } = news;
  const hint = news.hint ?? limiter.hint;
  const openAt = news.retryAfter === undefined ? limiter.openAt : Math.max(limiter.openAt, now + news.retryAfter);
  const next = { ...limiter, running: limiter.running - 1, openAt, ...(hint !== undefined && { hint }) };
  const recommended = hint === undefined ? undefined : Math.max(1, Math.min(MOST, hint) * (limiter.most / MOST));
  if (limiter.hint === undefined && recommended !== undefined) next.limit = recommended;
  if (load === "well") {
    const took = now - startedAt;
    next.usual = limiter.usual === 0 ? took : limiter.usual * 0.8 + took * 0.2;
    // Only where the limit was used up does an answer say that there may be more.
    if (limiter.running >= atOnce(limiter.limit)) next.limit = Math.min(limiter.most, next.limit + 1 / next.limit);
    return next;
  }
  if (load === undefined || startedAt < limiter.cutAt) return next;
  const [kept, least] = load === "spent" ? [0.75, Math.min(recommended ?? 1, next.limit)] : [0.5, 1];
  return { ...next, limit: Math.max(least, next.limit * kept), cutAt: now };
}

/** Two moments this close, in milliseconds, are the same Retry-After, told back and forth. */
const NEAR = 1_000;

/** Other runs use the same user: it keeps to its part from now on, and rests while they were asked to. */
export function shared(limiter: Limiter, now: number, { part, shut }: Share): Limiter {
  const most = Math.max(1, MOST * part);
  const told = now + shut;
  return {
    ...limiter,
    most,
    limit: Math.min(limiter.limit, most),
    openAt: told > limiter.openAt + NEAR ? told : limiter.openAt,
  };
}
