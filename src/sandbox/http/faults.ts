import { seededRandom } from "./random.ts";

/** What goes wrong. Exactly one of the kinds; `latencyMs` may stand beside any of them, or alone. */
export type FaultRule = {
  match?: { method?: string; path?: string };
  /** Only the nth matching request (from 1), counted since the rule was set. */
  nth?: number;
  /** Or: this share of the matching requests, drawn from `seed`. */
  rate?: number;
  seed?: number;
  status?: number;
  code?: string;
  message?: string;
  /** Seconds, sent as Retry-After. */
  retryAfter?: number;
  /** Close the connection without reading the request's meaning: nothing is committed. */
  resetBefore?: boolean;
  /** Commit, then close the connection instead of answering. */
  resetAfter?: boolean;
  /** Commit, then send only half of the body and close. */
  truncate?: boolean;
  latencyMs?: number;
  /** How often the rule fires before it is used up. A rule with `nth` fires once, any other for ever. */
  times?: number;
};

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

const KINDS: Record<keyof FaultRule, string> = {
  match: "object",
  nth: "number",
  rate: "number",
  seed: "number",
  status: "number",
  code: "string",
  message: "string",
  retryAfter: "number",
  resetBefore: "boolean",
  resetAfter: "boolean",
  truncate: "boolean",
  latencyMs: "number",
  times: "number",
};

/** Checks one rule as it came from outside; the answer is what is wrong with it, or undefined. */
export function faultProblem(rule: unknown): string | undefined {
  if (typeof rule !== "object" || rule === null || Array.isArray(rule)) return "a fault is an object";
  for (const [name, value] of Object.entries(rule)) {
    const kind = KINDS[name as keyof FaultRule];
    if (kind === undefined) return `'${name}' is not a field of a fault; there are: ${Object.keys(KINDS).join(", ")}`;
    if (typeof value !== kind || value === null) return `'${name}' must be of type ${kind}`;
  }
  const given = rule as FaultRule;
  if (given.status !== undefined && (given.status < 400 || given.status > 599)) return "'status' must be 400 to 599";
  const acts = [given.status, given.resetBefore, given.resetAfter, given.truncate, given.latencyMs];
  if (acts.every((act) => act === undefined)) {
    return "say what happens: status, resetBefore, resetAfter, truncate or latencyMs";
  }
  return undefined;
}
