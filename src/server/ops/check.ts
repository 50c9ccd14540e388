import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { type CheckStep, needOf } from "../../core/check.ts";
import type { Session } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { SyncFile } from "../../core/project.ts";
import { circleFault, orderSyncs } from "../project/order.ts";
import type { Connection, Project, Resource } from "../project/project.ts";
import type { Workplace } from "../workplace.ts";
import { connectionOf } from "./connections.ts";
import { tablesThere } from "./in-order.ts";

/** Tests one connection, or all, one after another: with the tables that syncs write to, for what these syncs do. */
export async function check(
  workplace: Workplace,
  { connection: name }: { connection?: string | undefined },
  { signal }: CallOptions,
): Promise<ResponseOf<"check">> {
  const project = await workplace.project();
  const chosen = name === undefined ? [...project.connections.values()] : [connectionOf(project, name)];
  const connections: ResponseOf<"check">["connections"] = [];
  for (const one of chosen) connections.push({ connection: one.name, steps: await stepsOf(project, one, signal) });
  const all = connections.flatMap(({ steps }) => steps);
  const count = (status: CheckStep["status"]) => all.filter((step) => step.status === status).length;
  return { environment: project.environment, connections, failed: count("failed"), warnings: count("warning") };
}

async function stepsOf(project: Project, connection: Connection, signal?: AbortSignal): Promise<CheckStep[]> {
  const session = connection.connector.open(connection.config, { base: project.folder });
  try {
    if (!session.check) return await listing(session, signal);
    const syncs = project.syncs.filter((sync) => sync.file.to === connection.name);
    const needs = syncs.map((sync) => needOf(sync.file));
    const steps = await session.check(needs, signal);
    return syncs.length < 2 ? steps : [...steps, await orderStep(session, syncs, steps, signal)];
  } finally {
    await session.close();
  }
}

/** Which sync goes after which, by what the destination says of their tables and lookups. */
async function orderStep(
  session: Session,
  syncs: Resource<SyncFile>[],
  before: readonly CheckStep[],
  signal?: AbortSignal,
): Promise<CheckStep> {
  const step = "order of syncs";
  const failed = before.find(({ status }) => status === "failed");
  if (failed) return { step, status: "skipped", detail: `needs ${failed.step}` };
  const known = await tablesThere(session, syncs, signal);
  signal?.throwIfAborted();
  const unknown = syncs.find(({ name }) => !known.has(name));
  if (unknown) return { step, status: "skipped", detail: `needs table ${unknown.file.object}` };
  const { ordered, circle } = orderSyncs(syncs, known);
  if (!circle) return { step, status: "ok", detail: ordered.map(({ name }) => name).join(", ") };
  const { message, remedy } = circleFault(circle, syncs);
  return { step, status: "failed", detail: "", cause: message, remedy };
}

/** What can be tested of a connection that has no test of its own. */
async function listing(session: Session, signal?: AbortSignal): Promise<CheckStep[]> {
  try {
    const objects = await session.objects(signal);
    return [{ step: "tables", status: "ok", detail: objects.map((one) => one.name).join(", ") || "none" }];
  } catch (thrown) {
    signal?.throwIfAborted();
    const { message, remedy } = SluiceError.from(thrown);
    return [{ step: "tables", status: "failed", detail: "", cause: message, remedy }];
  }
}
