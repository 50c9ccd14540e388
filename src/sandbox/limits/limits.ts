import type { Clock } from "../clock.ts";
import { errorReply } from "../dataverse/api.ts";
import { errors } from "../dataverse/errors.ts";
import { type Call, header, type Reply } from "../http/exchange.ts";
import type { Gone } from "../http/server.ts";
import { executionMs, platformRequests } from "./cost.ts";
import { type Changes, changed, type Figures, isActive, started } from "./figures.ts";
import { serverCookies, serverOf } from "./servers.ts";
import { charge, type Entry, enter, leave, newUsage, type Refusal, remaining, type Usage } from "./window.ts";

export type Limits = ReturnType<typeof createLimits>;

/**
 * Service protection limits per user and web server, and the daily entitlement per user (dataverse.md section 9).
 * `start` is what `reset` goes back to. Windows go by the clock, waiting by the machine's time.
 */
export function createLimits(clock: Clock, start: Changes) {
  const first = started(start);
  let now = first;
  /** By user and server. */
  let usages = new Map<string, Usage>();
  let entitlements = new Map<string, { day: number; used: number }>();
  let turn = 0;

  const day = () => Math.floor((clock.now() * now.figures.speed) / 86_400_000);

  function usedToday(user: string): { day: number; used: number } {
    let entitlement = entitlements.get(user);
    if (entitlement?.day !== day()) {
      entitlement = { day: day(), used: 0 };
      entitlements.set(user, entitlement);
    }
    return entitlement;
  }

  function usageOf(user: string, server: number): Usage {
    const key = `${user} ${server}`;
    const usage = usages.get(key) ?? newUsage();
    usages.set(key, usage);
    return usage;
  }

  function hinted(reply: Reply): Reply {
    reply.headers["x-ms-dop-hint"] = String(now.figures.dopHint);
    return reply;
  }

  return {
    /** Whether calls go through `limit` at all: without limits they cost nothing. */
    active: () => isActive(now),

    /** Counts an answered call against its user's entitlement, and tells how many calls at a time are recommended. */
    count(call: Call, reply: Reply): void {
      hinted(reply);
      if (call.caller) usedToday(call.caller.user).used += platformRequests(call, reply);
    },

    /**
     * Answers a user's call within the limits: refuses it with 429 and leaves everything as it was, or lets `answer` do
     * it, charges the modelled execution time and waits for so long.
     */
    async limit(call: Call, user: string, gone: Gone, answer: () => Reply | Promise<Reply>): Promise<Reply> {
      const { figures } = now;
      const known = serverOf(header(call, "cookie"), figures.servers);
      const server = known ?? turn++ % figures.servers;
      const usage = usageOf(user, server);
      const dress = (reply: Reply): Reply => {
        Object.assign(reply.headers, budgetHeaders(usage, figures, clock.now()));
        return known === undefined ? { ...reply, cookies: serverCookies(server, call.origin) } : reply;
      };
      if (figures.entitlementEnforced && usedToday(user).used >= figures.entitlement) {
        const left = ((day() + 1) * 86_400_000) / figures.speed - clock.now();
        return dress(hinted(errorReply(errors.entitlementUsedUp(figures.entitlement, seconds(left)))));
      }
      const entered = enter(usage, figures, clock.now());
      if (isRefusal(entered)) return dress(hinted(errorReply(refusalError(entered, figures))));
      try {
        const reply = await answer();
        const ms = executionMs(call, reply, figures);
        charge(usage, entered, ms);
        const dressed = dress(reply);
        await pause(ms / figures.speed, gone);
        return dressed;
      } finally {
        leave(usage);
      }
    },

    /** Puts other figures in force. What was counted stays counted, but nobody stays shut out by the old ones. */
    change(changes: Changes): void {
      now = changed(now, changes);
      for (const usage of usages.values()) usage.blocked = undefined;
    },

    reset(): void {
      now = first;
      usages = new Map();
      entitlements = new Map();
      turn = 0;
    },

    /** The figures in force, and what each user has used of them. */
    show() {
      const users = [...usages].map(([key, usage]) => {
        const [user, server] = key.split(" ");
        const left = remaining(usage, now.figures, clock.now());
        return {
          user,
          server: Number(server),
          requests: now.figures.requests - left.requests,
          executionMs: usage.spentMs,
          running: usage.running,
        };
      });
      const entitlement = [...entitlements.keys()].map((user) => ({ user, used: usedToday(user).used }));
      return { profile: now.profile, ...now.figures, users, entitlementUsed: entitlement };
    },
  };
}

const isRefusal = (entered: Entry | Refusal): entered is Refusal => "facet" in entered;

/** Retry-After is in whole seconds of real time, and never none. */
const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

function refusalError({ facet, retryAfterMs }: Refusal, figures: Figures) {
  const retry = seconds(retryAfterMs);
  if (facet === "requests") return errors.tooManyRequests(figures.requests, figures.windowSeconds, retry);
  if (facet === "time") return errors.tooMuchTime(figures.executionMs, figures.windowSeconds, retry);
  return errors.tooManyAtOnce(figures.concurrency, retry);
}

/** The remaining time is in seconds, printed as `1,199.46`. */
function budgetHeaders(usage: Usage, figures: Figures, now: number): Record<string, string> {
  const left = remaining(usage, figures, now);
  const time = (left.ms / 1000).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return {
    "x-ms-ratelimit-burst-remaining-xrm-requests": String(left.requests),
    "x-ms-ratelimit-time-remaining-xrm-requests": time,
  };
}

/** Waits for so long, or until nobody waits for the answer any more. */
function pause(ms: number, gone: Gone): Promise<void> | undefined {
  if (ms <= 0) return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    gone(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
