import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Environment } from "../dataverse/environment.ts";
import type { Deliveries } from "../dataverse/webhooks/deliveries.ts";
import type { AppState, Directory } from "../entra/directory.ts";
import type { Call } from "../http/exchange.ts";
import type { Faults } from "../http/faults.ts";
import type { RequestLog } from "../http/log.ts";
import type { Limits } from "../limits/limits.ts";

/** A kept state of the sandbox: rows, schema, plug-ins, privileges, directory and clock, but no faults and no log. */
export type Snapshot = {
  name: string;
  /** The sandbox's time when it was taken. */
  taken: string;
  rows: number;
  restore(): void;
};

/** What the control API steers. */
export type Controlled = {
  environment(): Environment;
  reset(): void;
  faults: Faults;
  log: RequestLog;
  limits: Limits;
  clock: Clock;
  webhooks: Deliveries;
  /** Refuses every token given out so far; moves the clock on by a second. */
  expireTokens(): void;
  /** By name. A reset keeps them. */
  snapshots: Map<string, Snapshot>;
  /** Keeps the present state; what it returns goes back to it, as often as it is called. */
  save(): () => void;
  /** Cuts every connection. */
  restart(): void;
  app: { get(): AppState; set(state: AppState): void };
  /** The apps and users of Entra ID. */
  directory(): Directory;
};

/** One request to the control API: what stands in the braces of its route, its query, and its body. */
export type ControlRequest = { parameters: Record<string, string>; query: URLSearchParams; call: Call };

/**
 * One operation of the control API. What `handle` returns is the answer, as JSON; nothing returned is a 204. It throws
 * `Refused`, or an error of Dataverse, for a request it cannot follow.
 */
export type ControlOperation = {
  /** For the support table. */
  does: string;
  /** What of Dataverse it stands for, where it stands for something: a section of the reference. */
  source?: string;
  handle(controlled: Controlled, request: ControlRequest): unknown;
};

/** By method and path behind `/_sandbox/`, as in `DELETE snapshots/{name}`. */
export type ControlOperations = Record<string, ControlOperation>;

/** What is wrong with a call to the control API, in words. */
export class Refused extends Error {}

/** The body as `schema` wants it. Throws `Refused` with the place and the fault. An empty body stands for `{}`. */
export function bodyOf<T>({ call }: ControlRequest, schema: z.ZodType<T>): T {
  return checked(call.body.length === 0 ? {} : json(call), schema);
}

/** One object as `schema` wants it, or a list of such. */
export function listOf<T>({ call }: ControlRequest, schema: z.ZodType<T>): T[] {
  const value = json(call);
  return Array.isArray(value) ? value.map((each) => checked(each, schema)) : [checked(value, schema)];
}

function json(call: Call): unknown {
  try {
    return JSON.parse(call.body.toString());
  } catch {
    throw new Refused("the body is not JSON");
  }
}

/** The value as `schema` wants it. Throws `Refused` with the place and the fault. */
export function checked<T>(value: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `'${path.join(".")}': ${message}`,
  );
  throw new Refused(problems.join("; "));
}
