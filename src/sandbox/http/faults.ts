import { z } from "zod";
import { seededRandom } from "./random.ts";

/** What goes wrong. Exactly one of the kinds; `latencyMs` may stand beside any of them, or alone. */
export const faultRule = z
  .strictObject({
    match: z.strictObject({ method: z.string().optional(), path: z.string().optional() }).optional(),
    /** Only the nth matching request (from 1), counted since the rule was set. */
    nth: z.int().min(1).optional(),
    /** Or: this share of the matching requests, drawn from `seed`. */
    rate: z.number().min(0).max(1).optional(),
    seed: z.int().optional(),
    status: z.int().min(400).max(599).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
    /** Seconds, sent as Retry-After. */
    retryAfter: z.number().min(0).optional(),
    /** Close the connection without reading the request's meaning: nothing is committed. */
    resetBefore: z.boolean().optional(),
    /** Commit, then close the connection instead of answering. */
    resetAfter: z.boolean().optional(),
    /** Commit, then send only half of the body and close. */
    truncate: z.boolean().optional(),
    latencyMs: z.number().min(0).optional(),
    /** How often the rule fires before it is used up. A rule with `nth` fires once, any other for ever. */
    times: z.int().min(1).optional(),
  })
  .refine(
    (rule) =>
      [rule.status, rule.resetBefore, rule.resetAfter, rule.truncate, rule.latencyMs].some((act) => act !== undefined),
    { error: "say what happens: status, resetBefore, resetAfter, truncate or latencyMs" },
  );

export type FaultRule = z.infer<typeof faultRule>;

type Armed = { rule: FaultRule; seen: number; left: number; draw: () => number };

/** The faults in force. `next` decides for one request; several rules may fire together (latency and an error). */
export type Faults = {
  add(rules: FaultRule[]): void;
  clear(): void;
  list(): (FaultRule & { left?: number })[];
  next(method: string, target: string): FaultRule[];
};

export function createFaults(): Faults {
  let armed: Armed[] = [];
  return {
    add(rules) {
      for (const rule of rules) {
        const left = rule.times ?? (rule.nth === undefined ? Number.POSITIVE_INFINITY : 1);
        armed.push({ rule, seen: 0, left, draw: seededRandom(rule.seed ?? 1) });
      }
    },
    clear() {
      armed = [];
    },
    list: () => armed.map(({ rule, left }) => (Number.isFinite(left) ? { ...rule, left } : rule)),
    next(method, target) {
      const fired = armed.filter((entry) => matches(entry.rule, method, target) && fires(entry));
      armed = armed.filter((entry) => entry.left > 0);
      return fired.map((entry) => entry.rule);
    },
  };
}

function matches(rule: FaultRule, method: string, target: string): boolean {
  const wanted = rule.match ?? {};
  if (wanted.method !== undefined && wanted.method.toUpperCase() !== method) return false;
  return wanted.path === undefined || target.includes(wanted.path);
}

function fires(entry: Armed): boolean {
  entry.seen++;
  if (entry.rule.nth !== undefined && entry.seen < entry.rule.nth) return false;
  if (entry.rule.rate !== undefined && entry.draw() >= entry.rule.rate) return false;
  if (entry.left <= 0) return false;
  entry.left--;
  return true;
}
