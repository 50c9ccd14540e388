import { z } from "zod";
import type { Operation } from "../operation.ts";
import { type Call, decoded } from "./exchange.ts";
import { seededRandom } from "./random.ts";

const count = z.int().min(1);
const milliseconds = z.number().min(0).max(86_400_000);
const range = z.tuple([milliseconds, milliseconds]).refine(([least, most]) => least <= most);
const may = <T extends z.ZodType>(schema: T, does: string) => schema.optional().describe(does);

/** What goes wrong. At least one of these; several may stand together (latency and an error). */
const kinds = {
  status: may(z.int().min(400).max(599), "Answers with this error status instead of doing what was asked"),
  html: may(z.literal(true), "Answers with an HTML error page as a proxy does, with `status` or 502"),
  latencyMs: may(z.union([milliseconds, range]), "Holds the request back, so long or between two figures by `seed`"),
  resetBefore: may(z.literal(true), "Cuts the connection before anything is committed"),
  resetAfter: may(z.literal(true), "Commits, then cuts the connection instead of answering"),
  truncate: may(z.literal(true), "Commits, then sends half of the body and cuts the connection"),
  trickle: may(
    z.strictObject({ bytes: count, everyMs: milliseconds }),
    "Commits, then sends the body so many bytes at a time",
  ),
  malformed: may(z.literal(true), "Commits, then answers with JSON that ends too early in a complete response"),
  contentType: may(z.string().regex(/^[\x21-\x7e][\x20-\x7e]*$/), "Commits, then answers under another Content-Type"),
  expireTokens: may(z.literal(true), "Refuses all tokens given out so far with 401, from this request on"),
  dropColumn: may(
    z.strictObject({ table: z.string(), column: z.string() }),
    "Removes a column and the keys over it, before the request is answered",
  ),
  setKey: may(
    z.strictObject({ table: z.string(), key: z.string(), status: z.enum(["Pending", "Failed", "dropped"]) }),
    "Drops an alternate key, or sets it to Pending or Failed, before the request is answered",
  ),
  restart: may(z.literal(true), "Cuts every connection, this one unanswered; what is committed stays"),
};

const match = z.strictObject({ method: z.string(), path: z.string(), table: z.string(), body: z.string().min(1) });

/** One rule as the control API takes it: what goes wrong, with which requests, and when. */
export const faultRule = z
  .strictObject({
    ...kinds,
    code: may(z.string(), "The error code instead of the one that belongs to the status"),
    message: may(z.string(), "The error text instead of the one that belongs to the code"),
    retryAfter: may(
      z.union([z.number().min(0), z.literal(false)]),
      "Seconds, sent as Retry-After; `false` leaves it out of a 429, which else says 1",
    ),
    committed: may(z.boolean(), "An error status that comes after the commit, as a gateway's timeout may"),
    match: may(
      match.partial(),
      "Which requests: `method`, `path` (text in the decoded address), `table` (its name or its set's), `body` (text in it)",
    ),
    nth: may(count, "Fires on the nth matching request, counted since the rule was set"),
    every: may(count, "Fires on every nth matching request"),
    rate: may(z.number().min(0).max(1), "Fires on a share of the matching requests"),
    seed: may(z.int(), "Which ones `rate` takes: the same for the same seed"),
    times: may(count, "How often it fires; without it a rule with `nth` fires once, and any other for ever"),
  })
  .refine((rule) => Object.keys(kinds).some((kind) => kind in rule), {
    error: `say what happens: ${Object.keys(kinds).join(", ")}`,
  });

export type FaultRule = z.infer<typeof faultRule>;

/** What goes wrong with one request: the rules that fired, as one. Of two that say the same thing the first wins. */
export type Fault = Omit<FaultRule, "latencyMs"> & { latencyMs: number };

/** Every field of a rule, for the support matrix. */
export const FAULT_OPERATIONS: Operation[] = Object.entries(faultRule.shape).map(([name, schema]) => ({
  name: `fault ${name}`,
  does: schema.description ?? "",
  source: "control API of the sandbox",
}));

type Armed = { rule: FaultRule; table: RegExp | undefined; seen: number; left: number; draw: () => number };

/** The faults in force. `next` counts one request against every rule, and says what goes wrong with it, if anything. */
export type Faults = {
  add(rules: FaultRule[]): void;
  clear(): void;
  list(): (FaultRule & { left?: number })[];
  next(call: Call, target: string): Fault | undefined;
};

/** No faults in force. */
export function createFaults(): Faults {
  let armed: Armed[] = [];
  return {
    add(rules) {
      for (const rule of rules) {
        const left = rule.times ?? (rule.nth === undefined ? Number.POSITIVE_INFINITY : 1);
        const set = rule.match?.table;
        const table = set === undefined ? undefined : new RegExp(`/${set.replace(/\W/g, "")}(?![\\w.])`);
        armed.push({ rule, table, seen: 0, left, draw: seededRandom(rule.seed ?? 1) });
      }
    },
    clear() {
      armed = [];
    },
    list: () => armed.map(({ rule, left }) => (Number.isFinite(left) ? { ...rule, left } : rule)),
    next(call, raw) {
      if (armed.length === 0) return undefined;
      const target = decoded(raw);
      const fired = armed.filter((entry) => matches(entry, call, target) && fires(entry));
      armed = armed.filter((entry) => entry.left > 0);
      if (fired.length === 0) return undefined;
      const latencyMs = fired.reduce((sum, entry) => sum + latencyOf(entry), 0);
      return { ...Object.assign({}, ...fired.map((entry) => entry.rule).reverse()), latencyMs };
    },
  };
}

function matches({ rule, table }: Armed, call: Call, target: string): boolean {
  const wanted = rule.match ?? {};
  if (wanted.method !== undefined && wanted.method.toUpperCase() !== call.method) return false;
  if (wanted.path !== undefined && !target.includes(wanted.path)) return false;
  if (table && !table.test(target.split("?", 1)[0]!)) {
    // A batch names the tables of its parts in its body.
    if (!call.path.endsWith("/$batch") || !table.test(call.body.toString("latin1"))) return false;
  }
  return wanted.body === undefined || call.body.includes(wanted.body);
}

function fires(entry: Armed): boolean {
  const { nth, every, rate } = entry.rule;
  entry.seen++;
  if (nth !== undefined && entry.seen < nth) return false;
  if (every !== undefined && entry.seen % every !== 0) return false;
  if (rate !== undefined && entry.draw() >= rate) return false;
  entry.left--;
  return true;
}

function latencyOf({ rule, draw }: Armed): number {
  const latency = rule.latencyMs ?? 0;
  return typeof latency === "number" ? latency : latency[0] + draw() * (latency[1] - latency[0]);
}
