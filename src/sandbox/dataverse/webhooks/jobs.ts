import type { Environment } from "../environment.ts";
import { nowSeconds } from "../environment.ts";
import { begin } from "../records/transaction.ts";
import { createRow } from "../records/write.ts";
import type { Message } from "./context.ts";
import { type Attempt, succeeded } from "./post.ts";
import type { WebhookStep } from "./steps.ts";

/** statecode and statuscode of a completed system job (dataverse.md section 13). */
const COMPLETED = 3;
const SUCCEEDED = 30;
const FAILED = 31;

/**
 * Keeps what came of an asynchronous step as a row of `asyncoperation`, except a success the step wants forgotten.
 * Source: register-web-hook.md, "Query failed asynchronous jobs for a given step".
 */
export function keepJob(environment: Environment, step: WebhookStep, message: Message, attempts: Attempt[]): void {
  const good = succeeded(attempts);
  const table = environment.tables.get("asyncoperation");
  if (!table || (good && step.forgetsSuccess)) return;
  const tx = begin(environment, { user: environment.appUser, bypassPlugins: true, seeding: true });
  const text = good ? undefined : failureText(step, attempts);
  const given: Record<string, unknown> = {
    name: step.name,
    messagename: message.headers["x-ms-dynamics-request-name"],
    primaryentitytype: message.headers["x-ms-dynamics-entity-name"],
    correlationid: message.headers["x-ms-correlation-request-id"],
    operationtype: 1,
    depth: 1,
    retrycount: attempts.length - 1,
    statecode: COMPLETED,
    statuscode: good ? SUCCEEDED : FAILED,
    startedon: nowSeconds(environment),
    completedon: nowSeconds(environment),
    message: text,
    friendlymessage: text,
    errorcode: good ? undefined : WEBHOOK_FAILED,
    "owningextensionid@odata.bind": `/sdkmessageprocessingsteps(${step.id})`,
  };
  const known = Object.entries(given).filter(
    ([name, value]) => value !== undefined && (table.columns.has(name) || name.includes("@")),
  );
  createRow(tx, table, Object.fromEntries(known));
}

/** 0x80040265, as a plug-in's own error is told. */
const WEBHOOK_FAILED = -2147220891;

/** Why a webhook failed, in words for the one who reads the error or the system job. */
export function failureText(step: WebhookStep, attempts: Attempt[]): string {
  const last = attempts.at(-1)!;
  const why = "status" in last ? `it answered with status ${last.status}` : last.error;
  return `The webhook '${step.endpoint.name}' of the step '${step.name}' failed: ${why}.`;
}
