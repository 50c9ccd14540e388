import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { type Environment, newId, nowSeconds } from "../environment.ts";
import { errors } from "../errors.ts";
import { fetchRows } from "../fetchxml/answer.ts";
import type { Table } from "../model.ts";
import { deleteRows } from "../records/delete.ts";
import { requirePrivilegeByName } from "../records/privileges.ts";
import { type Actor, begin, compact, rollback } from "../records/transaction.ts";
import { createRow, updateRow } from "../records/write.ts";
import { type ApiRequest, complexReply, requireMethod } from "../request.ts";
import { parametersOf } from "../routes/action.ts";
import { isAlive, type Row } from "../row.ts";
import { rightsOf } from "../security/rights.ts";
import type { BulkDeleteJob } from "./job.ts";
import { toFetchXml } from "./query-expression.ts";

/** How long the asynchronous service lets a job wait, and how long it takes. */
const WAITING_MS = 50;
const RUNNING_MS = 50;
const BULK_DELETE = 13;
/** A misspelt one is refused: without its StartDateTime a job would begin at once. */
const PARAMETERS =
  "QuerySet JobName SendEmailNotification ToRecipients CCRecipients RecurrencePattern StartDateTime SourceImportId RunNow".split(
    " ",
  );

/**
 * `POST BulkDelete`: a system job that deletes what its queries find. Answers with its id; `asyncoperations(<id>)` tells
 * how far it is, `bulkdeleteoperations` what it did. Source: the BulkDelete action, delete-bulk-data.md.
 */
export function bulkDelete(request: ApiRequest): Reply {
  const { environment, actor } = request;
  requireMethod(request, "POST");
  requirePrivilegeByName(environment, actor, "prvBulkDelete");
  const body = parametersOf(request, "BulkDelete", [], PARAMETERS);
  const queries = queriesIn(body.QuerySet);
  // A query that does not hold is told at once, and not in the job.
  for (const query of queries) fetchRows(request, query);
  if (typeof body.JobName !== "string") throw errors.badSchema("JobName is missing.");
  if (typeof body.RecurrencePattern === "string" && body.RecurrencePattern !== "") {
    throw errors.notBuilt("A bulk delete that recurs (RecurrencePattern)");
  }
  const start = typeof body.StartDateTime === "string" ? Date.parse(body.StartDateTime) : 0;
  if (Number.isNaN(start)) throw errors.badSchema("StartDateTime is no date and time.");
  const begins = Math.max(environment.clock.now() + WAITING_MS, start);
  const id = newId(environment);
  const job: BulkDeleteJob = {
    id,
    operation: newId(environment),
    user: actor.user,
    queries,
    begins,
    ends: begins + RUNNING_MS,
    begun: false,
  };
  note(environment, job, body.JobName);
  environment.jobs.push(job);
  return complexReply(request, "BulkDeleteResponse", { JobId: id }, 1);
}

function queriesIn(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) throw errors.badSchema("QuerySet must list the queries.");
  return value.map(toFetchXml);
}

/** The job's rows in `asyncoperation` and `bulkdeleteoperation`. */
function note(environment: Environment, job: BulkDeleteJob, name: string): void {
  const tx = begin(environment, asSystem(job));
  createRow(
    tx,
    environment.tables.get("asyncoperation")!,
    {
      name: name.slice(0, 256),
      operationtype: BULK_DELETE,
      messagename: "BulkDelete",
      postponeuntil: new Date(job.begins).toISOString(),
    },
    job.id,
  );
  createRow(
    tx,
    environment.tables.get("bulkdeleteoperation")!,
    {
      name: name.slice(0, 256),
      "asyncoperationid@odata.bind": `/asyncoperations(${job.id})`,
      orderedquerysetxml: job.queries.join("\n"),
      successcount: 0,
      failurecount: 0,
    },
    job.operation,
  );
}

/** The service writes on the caller's behalf what the caller need not be allowed to. */
function asSystem(job: BulkDeleteJob): Actor {
  return { user: job.user, bypassPlugins: true, seeding: true };
}

function asCaller(environment: Environment, job: BulkDeleteJob): Actor {
  return { user: job.user, rights: rightsOf(environment, job.user), bypassPlugins: false, seeding: false };
}

/** Lets jobs whose time has come begin or end. Called before each request while there are any. */
export function runJobs(environment: Environment): void {
  const now = environment.clock.now();
  const open: BulkDeleteJob[] = [];
  for (const job of environment.jobs) {
    if (!job.begun && now >= job.begins) {
      job.begun = true;
      show(environment, job, { statecode: 2, statuscode: 20, startedon: nowSeconds(environment) }, {});
    }
    if (now >= job.ends) finish(environment, job);
    else open.push(job);
  }
  environment.jobs = open;
}

function finish(environment: Environment, job: BulkDeleteJob): void {
  const actor = asCaller(environment, job);
  let done = 0;
  let failed = 0;
  let message: string | undefined;
  for (const query of job.queries) {
    try {
      const { table, rows } = fetchRows({ environment, actor }, query);
      const gone = remove(environment, actor, table, rows);
      done += gone;
      failed += rows.length - gone;
    } catch (error) {
      // The table or a column of the query is gone, or the caller's rights are.
      message = (error as Error).message;
    }
  }
  const ended = message === undefined ? { statecode: 3, statuscode: 30 } : { statecode: 3, statuscode: 31 };
  show(
    environment,
    job,
    { ...ended, completedon: nowSeconds(environment), ...(message === undefined ? {} : { message }) },
    { ...ended, successcount: done, failurecount: failed },
  );
}

/** Deletes all of the rows at once; where a rule forbids that, halves them until those that cannot go are alone. */
function remove(environment: Environment, actor: Actor, table: Table, rows: Row[]): number {
  const alive = rows.filter(isAlive);
  if (alive.length === 0) return rows.length;
  const tx = begin(environment, actor);
  try {
    deleteRows(tx, table, alive);
    compact(tx.marks.keys());
    return rows.length;
  } catch {
    rollback(tx);
  }
  if (alive.length === 1) return rows.length - 1;
  const half = alive.length >> 1;
  const gone =
    remove(environment, actor, table, alive.slice(0, half)) + remove(environment, actor, table, alive.slice(half));
  return rows.length - alive.length + gone;
}

/** Writes how far a job is; a row a client has deleted meanwhile stays deleted. */
function show(
  environment: Environment,
  job: BulkDeleteJob,
  job1: Record<string, unknown>,
  operation: Record<string, unknown>,
): void {
  const tx = begin(environment, asSystem(job));
  for (const [name, id, values] of [
    ["asyncoperation", job.id, job1],
    ["bulkdeleteoperation", job.operation, operation],
  ] as const) {
    const table = environment.tables.get(name)!;
    const row = table.byId.get(id);
    if (row && Object.keys(values).length > 0) updateRow(tx, table, row, values);
  }
}

export const JOB_OPERATIONS: Operation[] = [
  {
    name: "BulkDelete",
    does: "a job that deletes what its queries find; asyncoperations tells how far it is",
    source: "the BulkDelete action",
  },
];
