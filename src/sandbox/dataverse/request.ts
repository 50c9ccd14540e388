import { type Body, type Call, header, type Reply } from "../http/exchange.ts";
import type { Environment } from "./environment.ts";
import { errors } from "./errors.ts";
import type { Actor, Transaction } from "./records/transaction.ts";
import { begin, commit, rollback, Undecided } from "./records/transaction.ts";
import { DEEPEST, takesTooLong } from "./wire/nesting.ts";
import type { Preferences } from "./wire/prefer.ts";

/** One admitted call to the Web API, with what every route needs. */
export type ApiRequest = {
  call: Call;
  environment: Environment;
  actor: Actor;
  prefer: Preferences;
  /** The transaction of a change set this call is part of; undefined: the call is a transaction of its own. */
  tx?: Transaction;
  /** `http://host/api/data/v9.2`, with the version the client used. */
  base: string;
};

/** The body as an object. Throws the documented 400 for anything else. */
export function jsonBody(request: ApiRequest, set: string): Record<string, unknown> {
  if (takesTooLong(request.call.body)) throw errors.tooDeep(set, DEEPEST);
  const text = request.call.body.toString().replace(/^\ufeff/, "");
  if (text.trim() === "") throw errors.badJson(set, "The request body is empty; a JSON object was expected.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw errors.badJson(
      set,
      `Invalid JSON. A token was not recognized in the JSON content. (${(error as Error).message})`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw errors.badJson(set, "A node of type 'StartObject' was expected in the JSON content.");
  }
  return value as Record<string, unknown>;
}

/**
 * Runs one request's writes: all of them or, when anything throws, none, but for elastic tables. In a change set its
 * maker decides that.
 */
export function transact<T>(request: ApiRequest, work: (tx: Transaction) => T): T {
  if (request.tx) return work({ ...request.tx, actor: request.actor });
  const tx = begin(request.environment, request.actor);
  let result: T;
  try {
    result = work(tx);
  } catch (error) {
    rollback(tx);
    // What stands in elastic tables all the same counts like any write.
    if (tx.steps.length > 0) end(tx, error);
    throw error;
  }
  end(tx);
  return result;
}

/** Commits. `failed` is the error there is already, which goes before one of the commit. */
function end(tx: Transaction, failed?: unknown): void {
  try {
    commit(tx);
  } catch (error) {
    rollback(tx, error instanceof Undecided);
    throw failed ?? error;
  }
}

/** `Preference-Applied`, naming what was honoured (dataverse.md section 1). */
export function applied(
  request: ApiRequest,
  honoured: { list?: boolean; representation?: boolean },
): Record<string, string> {
  const { prefer } = request;
  const names: string[] = [];
  if (honoured.representation) names.push("return=representation");
  if (prefer.annotations !== undefined) names.push(`odata.include-annotations="${prefer.annotations}"`);
  if (honoured.list && prefer.maxPageSize !== undefined) names.push(`odata.maxpagesize=${prefer.maxPageSize}`);
  if (honoured.list && prefer.trackChanges) names.push("odata.track-changes");
  return names.length === 0 ? {} : { "Preference-Applied": names.join(",") };
}

/** An answer in JSON, with the headers each has (dataverse.md section 1). */
export function odata(status: number, body: Body, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { "Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0", ...headers },
    body,
  };
}

/** Throws the 404 of a function asked for by another verb than GET, or an action by another than POST (section 1). */
export function requireMethod({ call }: ApiRequest, method: "GET" | "POST"): void {
  if (call.method !== method) throw errors.noSuchResource(`${call.origin}${call.path}`);
}

/** What a function or an action returns: `values` as the complex type `type`. `rows` is how many it has changed. */
export function complexReply(request: ApiRequest, type: string, values: Record<string, unknown>, rows = 0): Reply {
  const context = `${request.base}/$metadata#Microsoft.Dynamics.CRM.${type}`;
  return { ...odata(200, JSON.stringify({ "@odata.context": context, ...values })), rows };
}

/** A 204. `rows` is how many rows or schema parts the call has changed. */
export function noContent(rows: number, headers: Record<string, string> = {}): Reply {
  return { status: 204, headers: { "OData-Version": "4.0", ...headers }, rows };
}

export function headerOf(request: ApiRequest, name: string): string | undefined {
  return header(request.call, name);
}
